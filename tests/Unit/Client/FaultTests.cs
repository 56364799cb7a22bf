using ProtoBridgeMQ.Client;
using ProtoBridgeMQ.Client.Sending;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Unit.Client;

public sealed class FaultTests
{
    [Fact]
    public void A_slow_or_failed_broker_is_left_alone_for_as_long_as_RocketMQ_does()
    {
        var clock = new ManualClock();
        var faults = new FaultTable(clock, enabled: true);
        Check(TimeSpan.FromMilliseconds(549), TimeSpan.Zero);
        Check(TimeSpan.FromMilliseconds(550), TimeSpan.FromSeconds(2));
        Check(TimeSpan.FromMilliseconds(1800), TimeSpan.FromSeconds(5));
        Check(TimeSpan.FromMilliseconds(3000), TimeSpan.FromSeconds(6));
        Check(TimeSpan.FromMilliseconds(5000), TimeSpan.FromSeconds(10));
        Check(TimeSpan.FromMilliseconds(15000), TimeSpan.FromSeconds(30));
        faults.Failed("b");
        Assert.False(faults.IsAvailable("b"));
        clock.Advance(TimeSpan.FromSeconds(10));
        Assert.True(faults.IsAvailable("b"));

        void Check(TimeSpan took, TimeSpan alone)
        {
            faults.Took("a", took);
            Assert.Equal(alone == TimeSpan.Zero, faults.IsAvailable("a"));
            clock.Advance(alone - TimeSpan.FromMilliseconds(alone == TimeSpan.Zero ? 0 : 1));
            Assert.Equal(alone == TimeSpan.Zero, faults.IsAvailable("a"));
            clock.Advance(TimeSpan.FromMilliseconds(1));
            Assert.True(faults.IsAvailable("a"));
        }
    }

    [Fact]
    public void Queues_take_turns_and_a_failed_or_avoided_broker_is_the_last_choice()
    {
        MessageQueue[] queues = [new("t", "a", 0), new("t", "a", 1), new("t", "b", 0), new("t", "b", 1)];
        var clock = new ManualClock();
        var faults = new FaultTable(clock, enabled: true);
        Assert.Equal(queues, Enumerable.Range(0, 4).Select(turn => QueueChoice.Next(queues, (uint)turn, null, faults)));
        Assert.Equal("b", QueueChoice.Next(queues, 0, "a", faults).BrokerName);
        faults.Failed("a");
        Assert.All(Enumerable.Range(0, 8), turn => Assert.Equal("b", QueueChoice.Next(queues, (uint)turn, null, faults).BrokerName));
        // All are bad: the one that did not just fail, rather than none.
        faults.Failed("b");
        Assert.Equal("a", QueueChoice.Next(queues, 2, "b", faults).BrokerName);
        Assert.Equal("a", QueueChoice.Next(queues.AsSpan(0, 2), 1, "a", faults).BrokerName);
    }
}
