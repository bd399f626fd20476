"""What desks say and change about customers as persons."""
