"""The screen of rules: what runs, what is wrong with the files, what would happen. Routes and shapes, no decision."""
