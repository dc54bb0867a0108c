/// Runs tasks on the thread of a ``CurlTransport``.
package final class TransportExecutor: TaskExecutor {
  private let mailbox: Mailbox

  init(_ mailbox: Mailbox) { self.mailbox = mailbox }

  package func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    if !mailbox.add(job) { globalConcurrentExecutor.enqueue(job) }
  }
}
