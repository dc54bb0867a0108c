#!/usr/bin/env bash
# Start-up: one drop-in call against a bare libcurl program in C, one `curl` and `aws` v2; and --version. All trust the
# system's roots and the test's own, as a hashed folder where the client takes one. AWS names an `aws` v2 to compare with.
. "$(dirname "$0")/lib/bench.sh"
rounds=${ROUNDS:-25}
start_peers_server
compile curl_multi clients/curl_multi.c -lcurl -lcrypto
tls=https://$HOST:$TLS/
aws=${AWS:-$(command -v aws || true)}
call=(secretsmanager cancel-rotate-secret --endpoint-url "$tls" --secret-id prod/app)
curl_call=(curl -s --aws-sigv4 aws:amz:us-east-1:secretsmanager --user AKIDEXAMPLE:secret --cacert "$CA"
  -H 'Content-Type: application/x-amz-json-1.1' -H 'X-Amz-Target: secretsmanager.CancelRotateSecret'
  -d '{"SecretId":"prod/app"}' "$tls")

for round in $(seq "$rounds"); do
  measure 'curl --version' 1 curl --version
  measure 'rotactl --version' 1 "$rotactl" --version
  measure '1 call: libcurl C' 1 "$work/curl_multi" -n 1 -c 1 "$tls" "$CA"
  measure 'rotactl, 1 call' 1 "$rotactl" "${call[@]}" --ca-bundle "$CA"
  measure '1 call: curl' 1 "${curl_call[@]}"
  if [ -n "$aws" ] && ((round <= 5)); then measure '1 call: aws v2' 1 "$aws" "${call[@]}" --ca-bundle "$CA"; fi
done
[ -n "$aws" ] || say "left out, no aws: AWS CLI v2"
echo
"$python" "$here/lib/ratios.py" "$results" time 'rotactl, 1 call / 1 call: libcurl C <= 1.3' \
  'rotactl, 1 call / 1 call: curl <= 2.5' '1 call: aws v2 / rotactl, 1 call >= 20' \
  'rotactl --version / curl --version <= 1.3'
