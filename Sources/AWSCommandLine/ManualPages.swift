/// The pages that `help` prints.
enum ManualPages {
  static let overview = """
    ROTACTL AS THE AWS CLI

    NAME
           rotactl - the part that takes the AWS CLI's words

    SYNOPSIS
           rotactl [options] secretsmanager cancel-rotate-secret [parameters]

    DESCRIPTION
           These words, their output and their exit codes are those of the AWS CLI,
           version 2. For many secrets at once use `rotactl run`; see `rotactl --help`.

    AVAILABLE SERVICES
           secretsmanager

    \(globalOptions)
    """

  static let service = """
    SECRETSMANAGER

    NAME
           secretsmanager - AWS Secrets Manager

    SYNOPSIS
           rotactl [options] secretsmanager <command> [parameters]

    AVAILABLE COMMANDS
           cancel-rotate-secret
                  Turns off the automatic rotation of one secret.
           help
                  Prints this page.

    \(globalOptions)
    """

  static let operation = """
    CANCEL-ROTATE-SECRET

    NAME
           cancel-rotate-secret - turns off the automatic rotation of one secret

    DESCRIPTION
           Rotation stays off until RotateSecret turns it on again. A rotation that is
           under way is cancelled, and its new version may be left with the staging
           label AWSPENDING. Look at it, and remove the label if the version is not
           wanted. The caller needs secretsmanager:CancelRotateSecret.

    SYNOPSIS
             cancel-rotate-secret
           --secret-id <value>
           [--cli-input-json | --cli-input-yaml]
           [--generate-cli-skeleton <value>]
           [global options]

    OPTIONS
           --secret-id (string) [required]
                  The name or the ARN of the secret. Use the ARN for a secret of another
                  account. file://PATH takes the text of a file as it is, with any
                  newline at its end; ~ and $VARIABLE are expanded.

           --cli-input-json (string), --cli-input-yaml (string)
                  The parameters as one document, or file://PATH of one. A parameter that
                  is also an option is taken from the option. Only one may be given.

           --generate-cli-skeleton (string)
                  Prints a sample and makes no call: input (the default), yaml-input, or
                  output.

    \(globalOptions)

    EXAMPLES
           Turn off the rotation of a secret:

              rotactl secretsmanager cancel-rotate-secret --secret-id MyTestSecret

           Print only the version that the cancelled rotation left:

              rotactl secretsmanager cancel-rotate-secret --secret-id MyTestSecret \\
                  --query VersionId --output text

    OUTPUT
           ARN -> (string)
                  The ARN of the secret.
           Name -> (string)
                  The name of the secret.
           VersionId -> (string)
                  The version that a cancelled rotation had made; absent if none was
                  under way.

    EXIT CODES
           0      success
           130    interrupted
           252    wrong options or parameters; no call was made
           253    no credentials or no region
           254    the service refused the call
           255    any other problem

    DIFFERENCES FROM THE AWS CLI
           Answers. A success whose body is not JSON, half a surrogate pair included, is an
           error here and silence there: nobody should take it for a cancelled rotation.
           A Content-Length that is no number is a broken answer, which is asked for again.

           Secrets. --debug logs exchanges without bodies, credentials and signatures. A
           user and password in an endpoint URL, a query and a fragment are refused, since
           URLs are logged. Keys with a line end or a NUL are refused without being shown.
           An MFA code is read from a terminal alone. A refused certificate is not tried
           again.

           Texts. Usage, help, --version and suggestions are rotactl's and know only this
           command; as the name is longer, lines of yaml and table errors break elsewhere.
           A command line without the word secretsmanager is rotactl's own. Where the AWS
           CLI shows a bare Python exception about settings, credential_process, caches,
           tokens or metadata, the text here says what is wrong; the exit code is the same.
           Role sessions without a name are called rotactl-SECONDS. A table that breaks off
           under --color on leaves standard error plain.

           Queries. &expression is an error outside of a function, where the AWS CLI fails
           or prints an address in memory. A number compared with a text is null and
           contains() of another type false, as in the specification of JMESPath, where the
           AWS CLI breaks off.

           YAML. Output repeats a value that a query gives twice instead of using an
           anchor. In --cli-input-yaml the directive %YAML has no effect, the tags !!set
           and !!omap are not known, and a tab after a colon is a blank, as YAML 1.2 has it.

           Settings. Files may begin with a byte order mark and blanks inside a section's
           brackets do not count, since editors leave both behind. An empty access key and
           an empty AWS_CONTAINER_CREDENTIALS_RELATIVE_URI count as missing. Damaged cache
           files are passed over. AWS_CLI_OUTPUT_ENCODING, aliases, plugins, models of your
           own and cli_history have no effect: this is one command. Timeouts end at a
           day, and counts at 64 bits. Dual-stack names in the partitions aws-iso-e and
           aws-iso-f follow the service's rule set.

           --generate-cli-skeleton output prints a valid sample, where the AWS CLI fails for
           this command. The prompt shows candidates below the line when Tab is pressed,
           and lets a wrong line be mended.

    """

  private static let globalOptions = """
    GLOBAL OPTIONS
           --debug
                  Writes a log to standard error.
           --endpoint-url (string)
                  The URL to send requests to.
           --no-verify-ssl
                  Does not check certificates.
           --no-paginate
                  Has no effect on this command.
           --output (string)
                  json, text, table, yaml, yaml-stream or off.
           --query (string)
                  A JMESPath expression that picks from the answer.
           --profile (string)
                  The profile of the configuration files to use.
           --region (string)
                  The region; beats the environment and the configuration.
           --version
                  Prints the version of this tool.
           --color (string)
                  on, off or auto; auto colours tables on a terminal.
           --no-sign-request
                  Does not sign requests and loads no credentials.
           --ca-bundle (string)
                  A file of certificates to trust.
           --cli-read-timeout (int), --cli-connect-timeout (int)
                  Seconds, 60 unless told; 0 waits without end.
           --cli-binary-format (string)
                  base64 or raw-in-base64-out; has no effect on this command.
           --no-cli-pager
                  Does not show output in a pager.
           --cli-auto-prompt
                  Asks for the command line on the terminal; the words so far begin it.
                  Tab completes words, options, profiles, regions, files and, from
                  ListSecrets, secret ids. Enter runs the line; one that is wrong can be
                  mended; Ctrl-C or Ctrl-D leave with 130. AWS_CLI_AUTO_PROMPT or
                  cli_auto_prompt = on do the same; on-partial asks only where the words
                  or the parameters are wrong.
           --no-cli-auto-prompt
                  Does not ask.
           --cli-error-format (string)
                  legacy, json, yaml, text, table or enhanced.
    """
}
