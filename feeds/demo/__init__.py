"""The demo community: sixty people who make a first start look alive. Everything in it can be removed again."""

PASSWORD = "opensesame"
EMAIL_DOMAIN = "demo.example"
