"""Campus single sign-on 统一身份认证: OpenID Connect and CAS, each behind a door; what they say of whom."""
