"""Payment providers: the national Payment Platform, PayGov, KeyPay, and transfers by VietQR."""
