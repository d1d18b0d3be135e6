"""What only PostgreSQL has; installed when `default` is PostgreSQL."""
