"""Who holds keys and works with them: sealed software, PKCS#11, both as one."""
