"""vigie: a lookout for your money. The core; see docs/ for the shape of the house."""
