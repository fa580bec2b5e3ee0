"""Ways out: a file each. All know `Door`; what a way refuses is a `ChannelFault`, and nothing else comes out of it."""
