"""What sets this project up, builds it and runs its tests; none of it is deployed."""
