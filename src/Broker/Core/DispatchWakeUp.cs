using ProtoBridgeMQ.Broker.Delay;
using ProtoBridgeMQ.Broker.LongPolling;
using ProtoBridgeMQ.Broker.Pop;
using ProtoBridgeMQ.Broker.Topics;
using ProtoBridgeMQ.Store.Dispatch;

namespace ProtoBridgeMQ.Broker.Core;

/// <summary>Wakes those who wait when records are dispatched: pulls, pops, tails, delayed delivery. Once per batch.</summary>
internal sealed class DispatchWakeUp(ArrivalTable arrivals, Tails tails, DelayDelivery delays, PopConsumers pops) : IDispatchListener
{
    private bool _scheduled;

    public void OnDispatched(in DispatchedMessage message)
    {
        string topic = message.Queue.Topic;
        arrivals.Arrived(topic, message.Queue.QueueId, message.Record.QueueOffset, message.TagsCode, message.Record.Properties);
        pops.OnDispatched(message);
        _scheduled |= topic.Length == TopicName.Schedule.Length && topic == TopicName.Schedule;
    }

    public void OnBatchEnd(long offset)
    {
        arrivals.Run();
        pops.OnBatchEnd();
        tails.Advanced();
        if (_scheduled)
        {
            _scheduled = false;
            delays.Wake();
        }
    }
}
