using System.Diagnostics;
using System.Text;
using ProtoBridgeMQ.Bridge.Tracing;
using ProtoBridgeMQ.Gateway.Mqtt.Codec;

namespace ProtoBridgeMQ.Gateway.Mqtt.Session;

/// <summary>
/// The activities of a connection's deliveries that came with a trace: at QoS 0 as long as the write, above that until the last
/// acknowledgement. As many as the client's receive maximum lets be in flight.
/// </summary>
/// <remarks>The writer begins them, the reader ends them.</remarks>
public sealed class DeliveryActivities
{
    private readonly Lock _gate = new();
    private readonly Dictionary<ushort, Activity> _open = [];

    /// <summary>A delivery was written. Those of shared subscriptions are told of by their group's stream.</summary>
    public void Written(in Delivery delivery, ushort packetId, ReadOnlySpan<byte> clientId)
    {
        if (delivery.Share is not null)
            return;

        string name = Encoding.UTF8.GetString(delivery.Message.Topic);
        if (MessageActivities.Deliver(name, delivery.Message.Trace, "mqtt", null, Encoding.UTF8.GetString(clientId)) is not { } activity)
            return;

        activity.SetTag("protobridge.mqtt.qos", (int)delivery.Qos);
        if (packetId == 0)
        {
            MessageActivities.Abandon(activity, "sent");
            return;
        }

        Activity? before;
        lock (_gate)
        {
            _open.Remove(packetId, out before);
            _open.Add(packetId, activity);
        }

        if (before is not null)
            MessageActivities.Abandon(before, "sent again");
    }

    /// <summary>The client is done with a delivery.</summary>
    public void Acknowledged(ushort packetId, ReasonCode reason)
    {
        Activity? activity;
        lock (_gate)
            _open.Remove(packetId, out activity);
        if (activity is not null)
            MessageActivities.Settled(activity, (byte)reason >= 0x80 ? reason.ToString() : "accept");
    }

    /// <summary>The connection ended.</summary>
    public void Close()
    {
        lock (_gate)
        {
            foreach (Activity activity in _open.Values)
                MessageActivities.Abandon(activity, "connection ended");
            _open.Clear();
        }
    }
}
