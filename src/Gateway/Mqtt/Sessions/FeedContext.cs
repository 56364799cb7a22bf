using ProtoBridgeMQ.Bridge.Filters;
using ProtoBridgeMQ.Bridge.Retained;
using ProtoBridgeMQ.Gateway.Mqtt.Routing;
using ProtoBridgeMQ.Gateway.Mqtt.Session;

namespace ProtoBridgeMQ.Gateway.Mqtt.Sessions;

/// <summary>What the feeds of all sessions share.</summary>
public sealed class FeedContext(IFilterQueues queues, IRetainedMessages retained, MqttOptions options, MqttMetrics metrics, TimeProvider clock, ILogger logger) : IDisposable
{
    private readonly OutgoingMessagePool _pool = new();
    private readonly ThreadLocal<OutgoingEncoder> _encoders = new();

    public IFilterQueues Queues => queues;

    public IRetainedMessages Retained => retained;

    public MqttOptions Options => options;

    public MqttMetrics Metrics => metrics;

    public ILogger Logger => logger;

    public TimeProvider Clock => clock;

    /// <summary>Unix milliseconds.</summary>
    public long Now => clock.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>This thread's; not to be kept over an await.</summary>
    public OutgoingEncoder Encoder => _encoders.Value ??= new OutgoingEncoder(_pool);

    /// <inheritdoc/>
    public void Dispose() => _encoders.Dispose();
}
