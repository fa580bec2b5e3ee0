"""Payment providers that misbehave on demand: WeChat Pay, Alipay and a bank, on loopback. They share no code with what
they test: signing, sealing and bills are written here a second time."""
