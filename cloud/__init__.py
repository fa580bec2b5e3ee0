"""The platform: what boxes send is proven, posted once, read and shown. A folder imports only those below it."""
