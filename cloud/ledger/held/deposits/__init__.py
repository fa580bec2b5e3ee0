"""Two persons 双人 on deposits through providers 渠道充值: what does not match, and what goes back."""
