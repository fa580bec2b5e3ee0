"""What all pages share: how one is declared, what it reads from, lists that are paged, sorted, filtered, exported."""
