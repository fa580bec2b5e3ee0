"""Providers 支付渠道: one interface; the forms of WeChat Pay v3, Alipay and a bank's daily files. Cores: sans-I/O."""
