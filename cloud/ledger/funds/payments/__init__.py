"""Account payments 账户支付: asked for at a till, decided and posted here, reversed once by its terminal's record."""
