internal import RotationCore

/// `VERIFY.md`: how to check a bundle with tools that are not ours.
///
/// It depends on the run's id alone, so that neither the form of the bundle nor a later signature
/// changes it.
enum VerificationGuide {
  static func text(runID: String) -> String {
    """
    # Checking run \(runID) without rotactl

    You need a POSIX shell, coreutils, grep and `tar` (or `unzip`); OpenSSL 3 for a signature, a
    time stamp or an encrypted bundle. Run the commands in the folder that holds the bundle, in this
    order. Each ends with status 0 when all is well.

    ## 1. The file is the one that was sealed

    For the form that you have (`.cms` at the end: encrypted, see 2):

    ```sh tar.gz
    sha256sum -c \(runID).tar.gz.sha256
    ```

    ```sh tar.zst
    sha256sum -c \(runID).tar.zst.sha256
    ```

    ```sh zip
    sha256sum -c \(runID).zip.sha256
    ```

    ## 2. Open and unpack it

    Encrypted to a recipient: `recipient.pem` is the private key (OpenSSL asks for its passphrase).

    ```sh tar.gz.cms
    sha256sum -c \(runID).tar.gz.cms.sha256
    openssl cms -decrypt -binary -inform DER -in \(runID).tar.gz.cms -inkey recipient.pem -out \(runID).tar.gz
    ```

    For `.tar.zst.cms` and `.zip.cms` likewise. Then:

    ```sh unpack tar.gz
    tar -xzf \(runID).tar.gz
    ```

    ```sh unpack tar.zst
    tar --zstd -xf \(runID).tar.zst
    ```

    ```sh unpack zip
    unzip -q \(runID).zip
    ```

    A zip under a passphrase (AES-256) needs `bsdtar` or 7-Zip (`7z x`) in place of `unzip`;
    `passphrase.txt` holds the passphrase in its first line:

    ```sh unpack zip.passphrase
    bsdtar --passphrase "$(head -n 1 passphrase.txt)" -xf \(runID).zip
    ```

    ## 3. No file was changed, dropped or added

    ```sh
    cd \(runID)
    sha256sum --quiet --strict -c SHA256SUMS
    find . -type f ! -name 'SHA256SUMS*' | sed 's|^\\./||' | LC_ALL=C sort > ../found.txt
    cut -c 67- SHA256SUMS | cmp - ../found.txt
    ```

    ## 4. The journal is whole

    Every line carries the SHA-256 of the line before; `index.json` names the last. (A minute or so
    for 50,000 lines.)

    ```sh
    prev=$(printf '%064d' 0)
    while IFS= read -r line; do
      case $line in *"\\"prev\\":\\"$prev\\""*) ;; *) echo "the chain is broken" >&2; exit 1 ;; esac
      prev=$(printf '%s' "$line" | sha256sum | cut -d ' ' -f 1)
    done < journal.ndjson
    grep -q "\\"head\\": \\"$prev\\"" index.json
    ```

    ## 5. Who sealed it

    Only a signature proves that nobody made the whole bundle anew. Where `SHA256SUMS.sig` is there,
    take `public.pem` from the signer by another way than this bundle, and compare its fingerprint.

    ```sh signature
    openssl pkeyutl -verify -rawin -pubin -inkey ../public.pem -in SHA256SUMS -sigfile SHA256SUMS.sig
    openssl pkey -pubin -in ../public.pem -outform DER | sha256sum
    ```

    ## 6. When it was sealed

    Where `SHA256SUMS.tsr` is there, a time-stamping authority (RFC 3161) vouches for the time;
    `tsa-ca.pem` is its root certificate.

    ```sh timestamp
    openssl ts -verify -data SHA256SUMS -in SHA256SUMS.tsr -CAfile ../tsa-ca.pem
    openssl ts -reply -in SHA256SUMS.tsr -text
    ```

    ## 7. What it says

    | question | answer |
    |---|---|
    | who, where, with which settings and which binary | `run.json` |
    | on whose authority, why | `incident`, `reason` in `run.json`; `manifest/` as it was given |
    | what was it before, what was done, when, what came of it | `secrets/<account>/<region>/<name>.json` |
    | is that all of them | `totals` in `index.json`: targets are the sum of the outcomes |
    | what is still to be done | `open-items.ndjson`, each with its command |
    | what the members of a file mean | `schemas/` (JSON Schema 2020-12) |

    `rotactl verify` does all of the above, and makes every report and table anew from plan and
    journal.

    """
  }
}
