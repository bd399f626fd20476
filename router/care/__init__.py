"""Care for customers as persons: who may be one, forgetting, handing out what is known, sweeping. It routes nothing."""
