"""What `vigie doctor` looks at: the machine, the account, and those who watch it."""
