using ProtoBridgeMQ.Benchmarks.Load.Remoting;

namespace ProtoBridgeMQ.Benchmarks.Load.Burdens;

/// <summary>Consumers that are far behind and slow: each pulls 32 old messages ten times a second, of a backlog that does not end.</summary>
internal sealed class LaggingPullers : IAsyncDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    private readonly CancellationTokenSource _stop = new();
    private readonly List<Task> _running = [];

    /// <summary>Messages that all of them read.</summary>
    public long Messages => Interlocked.Read(ref _messages);

    private long _messages;

    /// <summary>Starts so many, over the queues of a topic.</summary>
    public static async Task<LaggingPullers> StartAsync(int count, int port, string topic, int queues)
    {
        var pullers = new LaggingPullers();
        for (int i = 0; i < count; i++)
        {
            RemotingExchange exchange = await RemotingExchange.ConnectAsync(port, SendFrame.Pull(topic, i % queues, 0));
            pullers._running.Add(pullers.PullAsync(exchange, topic, i % queues));
        }

        return pullers;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_running);
        _stop.Dispose();
    }

    private async Task PullAsync(RemotingExchange exchange, string topic, int queue)
    {
        using (exchange)
        {
            long offset = 0;
            while (!_stop.IsCancellationRequested)
            {
                if (await exchange.ExchangeAsync())
                {
                    long next = PullAnswer.NextOffset(exchange.Answer);
                    Interlocked.Add(ref _messages, next - offset);
                    offset = next;
                    exchange.Use(SendFrame.Pull(topic, queue, offset));
                }

                await Task.Delay(Pause, TimeProvider.System, CancellationToken.None);
            }
        }
    }
}
