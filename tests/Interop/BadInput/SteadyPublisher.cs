using ProtoBridgeMQ.Tests.Interop.Mqtt;
using ProtoBridgeMQ.Tests.Support;
using ProtoBridgeMQ.Tests.Support.Processes;

namespace ProtoBridgeMQ.Tests.Interop.BadInput;

/// <summary>A well-behaved device that publishes all the time, and must never notice what others do.</summary>
internal sealed class SteadyPublisher : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _publishing;
    private int _published;

    private SteadyPublisher(RawMqtt mqtt) => _publishing = Task.Run(() => PublishAsync(mqtt));

    /// <summary>Messages acknowledged so far.</summary>
    public int Published => Volatile.Read(ref _published);

    /// <summary>Connects and begins.</summary>
    public static async Task<SteadyPublisher> StartAsync(GatewayProcess gateway)
        => new(await RawMqtt.ConnectAsync(gateway.Ports.Mqtt, "steady"));

    /// <summary>Waits until so many more messages were acknowledged.</summary>
    public async Task GoesOnAsync(int messages = 20)
    {
        int wanted = Published + messages;
        using var poll = new PeriodicTimer(TimeSpan.FromMilliseconds(5), TimeProvider.System);
        long begin = TimeProvider.System.GetTimestamp();
        while (Published < wanted)
        {
            Assert.False(_publishing.IsFaulted, $"The well-behaved device was disturbed: {_publishing.Exception}");
            Assert.True(TimeProvider.System.GetElapsedTime(begin) < Waiting.Patience, "the well-behaved device is not served any more");
            await poll.WaitForNextTickAsync();
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _publishing.WaitAsync(Waiting.Patience);
        _stop.Dispose();
    }

    private async Task PublishAsync(RawMqtt mqtt)
    {
        using (mqtt)
        {
            while (!_stop.IsCancellationRequested)
            {
                await mqtt.PublishAsync("steady/a", "here");
                Interlocked.Increment(ref _published);
            }
        }
    }
}
