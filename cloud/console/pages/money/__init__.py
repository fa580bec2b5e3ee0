"""Pages about money 账务: the books and what moved them, what terminals brought, and what waits for somebody."""
