using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace ProtoBridgeMQ.Client.Consuming;

/// <summary>What the parts of one consumer share.</summary>
internal sealed record ConsumeContext(
    PushConsumerOptions Options,
    QueueReader Reader,
    IGroupProgress Progress,
    ChannelWriter<Delivery> Deliveries,
    TimeProvider Time,
    ILogger Log)
{
    public string Group => Options.Group;

    public bool IsBroadcast => Options.Model == MessageModel.Broadcasting;

    /// <summary>The limit that send-backs carry; null leaves it to the broker.</summary>
    public int? MaxReconsumeTimes => Options.MaxReconsumeTimes < 0 ? null : Options.MaxReconsumeTimes;
}
