"""What `./ykt cloud open` may be asked for beside serving: of applications, their orders, webhooks and documents."""
