using ProtoBridgeMQ.Client;

namespace ProtoBridgeMQ.Cli.Commands;

/// <summary>Senders that share a count.</summary>
internal sealed class BenchLoad(Producer producer, string topic, byte[] body, int count)
{
    private long _taken;
    private long _done;
    private long _failures;

    public LatencyTable Latencies { get; } = new();

    public long Failures => Volatile.Read(ref _failures);

    public string? FirstFailure { get; private set; }

    /// <returns>How long all took.</returns>
    public async Task<TimeSpan> RunAsync(int concurrency, Action<long> report, CancellationToken cancellationToken)
    {
        long began = TimeProvider.System.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, concurrency).Select(_ => SendAsync(report, cancellationToken)));
        return TimeProvider.System.GetElapsedTime(began);
    }

    private async Task SendAsync(Action<long> report, CancellationToken cancellationToken)
    {
        while (Interlocked.Increment(ref _taken) <= count)
        {
            long began = TimeProvider.System.GetTimestamp();
            try
            {
                await producer.SendAsync(new Message(topic, body), cancellationToken).ConfigureAwait(false);
                Latencies.Add(TimeProvider.System.GetElapsedTime(began));
            }
            catch (ProtoBridgeMqException failure)
            {
                FirstFailure ??= failure.Message;
                Interlocked.Increment(ref _failures);
            }

            long done = Interlocked.Increment(ref _done);
            if (done % 256 == 0 || done == count)
            {
                report(done);
            }
        }
    }
}
