/**
 * A self-signed certificate for localhost, with its key, for tests of what must not be trusted. Made with openssl req
 * -x509.
 */
export const selfSigned = {
  cert: `-----BEGIN CERTIFICATE-----
MIIBfjCCASWgAwIBAgIUITJZKxGnFCpgsSlfZA4C9oWa/3owCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMzIwMTAxMloYDzIxMjYxMDMw
MjAxMDEyWjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAARHlJB2sd7VnD73+ZcRuIFbdQxTu+Be2x1FnWl+1XLFAYpDEPmg8ijM
bFkUHYSo0omAugEEtM4stk3UufZ7zseLo1MwUTAdBgNVHQ4EFgQULEMtqnZm/FPB
dxSsOLRV6VO9av4wHwYDVR0jBBgwFoAULEMtqnZm/FPBdxSsOLRV6VO9av4wDwYD
VR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNHADBEAiAQd3piySuEq42pCSXxGmW8
fl0Tb74pfxH7qKtkiteJEwIgLqT/yv3QlyvJEk+juci5zs3Vi0vx+qnRrlpmIahW
RFI=
-----END CERTIFICATE-----`,
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgZdSn+Px0Ioa15rNl
/LBiGbqLfg07qdqMYExLKEPSl2mhRANCAARHlJB2sd7VnD73+ZcRuIFbdQxTu+Be
2x1FnWl+1XLFAYpDEPmg8ijMbFkUHYSo0omAugEEtM4stk3UufZ7zseL
-----END PRIVATE KEY-----`,
};
