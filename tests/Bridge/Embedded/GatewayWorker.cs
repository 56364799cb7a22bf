using System.Text;
using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.Messages;
using ProtoBridgeMQ.Bridge.Streams;

namespace ProtoBridgeMQ.Tests.Bridge.Embedded;

/// <summary>A stream of the gateway that handles what it receives.</summary>
internal sealed class GatewayWorker : IAsyncDisposable
{
    private readonly MixedCluster _cluster;
    private readonly IMessageStream _stream;
    private readonly Random _random;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _working;

    public GatewayWorker(MixedCluster cluster, IMessageStream stream, int seed)
    {
        _cluster = cluster;
        _stream = stream;
        _random = new Random(seed);
        _working = Task.Run(WorkAsync);
    }

    /// <summary>Leaves, with what it holds at this moment.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _working;
        await _stream.DisposeAsync();
        _stop.Dispose();
    }

    private async Task WorkAsync()
    {
        using var batch = new MessageBatch();
        try
        {
            while (true)
            {
                await _stream.ReceiveAsync(batch, _random.Next(1, 10), Timeout.InfiniteTimeSpan, _stop.Token);
                for (int i = 0; i < batch.Count; i++)
                {
                    string body = Encoding.UTF8.GetString(batch[i].Body.Span);
                    if (_stop.IsCancellationRequested)
                    {
                        _cluster.Handlings.SentBack(body, "gateway");
                        continue;
                    }

                    await SettleAsync(batch[i].Delivery, body, batch[i].Attempt);
                }
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // It leaves.
        }
    }

    private async Task SettleAsync(DeliveryId delivery, string body, int attempt)
    {
        bool refuse = attempt == 1 && (_cluster.RefuseAtFirst || _random.Next(30) == 0);
        if (refuse)
        {
            _cluster.Handlings.SentBack(body, "gateway");
        }
        else
        {
            _cluster.Handlings.Handled(body, "gateway");
        }

        try
        {
            await _stream.SettleAsync(delivery, refuse ? Settlement.Release() : Settlement.Accept);
        }
        catch (BridgeException unknown) when (unknown.Error == BridgeError.DeliveryUnknown)
        {
            // Its queue went to another member meanwhile.
        }
    }
}
