using ProtoBridgeMQ.Client;
using ProtoBridgeMQ.Tests.Interop.Clients;

namespace ProtoBridgeMQ.Tests.Interop.Apache;

/// <summary>Popping from Apache RocketMQ's brokers: those of 5 know it, those of 4 refuse by name.</summary>
public sealed class Popping : ApacheTest
{
    [FactWhen(Needs.Apache)]
    public async Task Pops_take_lengthen_and_acknowledge_and_a_broker_of_4_says_that_it_cannot()
    {
        await using ApacheTopic topic = await TopicAsync("popped");
        await topic.SendAsync(0, 10);
        await using SimpleConsumer pops = Pops(topic, TimeSpan.FromSeconds(20));
        await pops.StartAsync();
        if (await IsFourAsync())
        {
            RequestRefusedException refused = await Assert.ThrowsAsync<RequestRefusedException>(() => pops.ReceiveAsync(16, TimeSpan.FromSeconds(5)).AsTask());
            Assert.Equal((RefusalReason.Unsupported, 3), (refused.Reason, refused.ResponseCode));
            Assert.Contains("PushConsumer", refused.Message, StringComparison.Ordinal);
            return;
        }

        List<int> got = [];
        while (got.Count < 10)
        {
            IReadOnlyList<PoppedMessage> some = await pops.ReceiveAsync(16, TimeSpan.FromSeconds(20));
            Assert.NotEmpty(some);
            got.AddRange(some.Select(popped => Number(popped.Message)));
            PoppedMessage longer = await pops.ChangeInvisibleTimeAsync(some[0], TimeSpan.FromMinutes(1));
            await pops.AckAsync([longer, .. some.Skip(1)]);
        }

        Assert.Equal(Enumerable.Range(0, 10), got.Order());
        await topic.SendAsync(10, 1);
        PoppedMessage next = Assert.Single(await TakeAsync(pops, 1));
        Assert.Equal(10, Number(next.Message));
        await pops.AckAsync(next);
    }

    [FactWhen(Needs.Apache)]
    public async Task What_is_not_acknowledged_comes_again_after_its_invisible_time_and_can_be_acknowledged_then()
    {
        if (await IsFourAsync())
        {
            return;
        }

        await using ApacheTopic topic = await TopicAsync("popagain");
        await topic.Producer.SendAsync(topic.Message("0", "t", "k"));
        await using SimpleConsumer pops = Pops(topic, TimeSpan.FromSeconds(10));
        await pops.StartAsync();
        PoppedMessage first = Assert.Single(await TakeAsync(pops, 1));
        // Given back almost at once, which makes a copy of it in the group's retry topic.
        await pops.ChangeInvisibleTimeAsync(first, TimeSpan.FromSeconds(1));

        PoppedMessage again = Assert.Single(await TakeAsync(pops, 1));

        Assert.Equal((0, 1), (first.Message.ReconsumeTimes, again.Message.ReconsumeTimes));
        Assert.Equal((topic.Name, "t", "k", first.Message.MessageId), (again.Message.Topic, again.Message.Tag, again.Message.Keys, again.Message.MessageId));
        await pops.AckAsync([again]);
        await topic.SendAsync(1, 1);
        PoppedMessage last = Assert.Single(await TakeAsync(pops, 1));
        Assert.Equal(1, Number(last.Message));
        await pops.AckAsync(last);
        Assert.Empty(await pops.ReceiveAsync(8, TimeSpan.FromSeconds(15)));
    }

    [FactWhen(Needs.Apache)]
    public async Task Filters_and_order_hold_for_pops()
    {
        if (await IsFourAsync())
        {
            return;
        }

        await using ApacheTopic topic = await TopicAsync("poporder", 1);
        for (int i = 0; i < 20; i++)
        {
            Message message = topic.Message($"{i}", i % 2 == 0 ? "even" : "odd");
            message.Properties["price"] = $"{i}";
            await topic.Producer.SendAsync(message);
        }

        await using SimpleConsumer odd = Pops(topic, TimeSpan.FromSeconds(30), MessageFilter.ByTags("odd"), "odd");
        await odd.StartAsync();
        Assert.Equal(Enumerable.Range(0, 20).Where(i => i % 2 == 1), (await TakeAsync(odd, 10)).Select(popped => Number(popped.Message)).Order());
        await using SimpleConsumer sql = Pops(topic, TimeSpan.FromSeconds(30), MessageFilter.BySql("price > 16 AND TAGS = 'even'"), "sql");
        await sql.StartAsync();
        Assert.Equal([18], (await TakeAsync(sql, 1)).Select(popped => Number(popped.Message)));

        await using SimpleConsumer ordered = Pops(topic, TimeSpan.FromSeconds(30), group: "ordered", isOrdered: true);
        await ordered.StartAsync();
        List<int> got = [];
        while (got.Count < 20)
        {
            IReadOnlyList<PoppedMessage> some = await ordered.ReceiveAsync(4, TimeSpan.FromSeconds(20));
            Assert.NotEmpty(some);
            // While something of the queue is open, nothing more of it comes.
            Assert.Empty(await ordered.ReceiveAsync(4, TimeSpan.Zero));
            got.AddRange(some.Select(popped => Number(popped.Message)));
            foreach (PoppedMessage popped in some)
            {
                await ordered.AckAsync(popped);
            }
        }

        Assert.Equal(Enumerable.Range(0, 20), got);
    }

    private static async Task<List<PoppedMessage>> TakeAsync(SimpleConsumer pops, int count)
    {
        List<PoppedMessage> taken = [];
        using var patience = new CancellationTokenSource(Patience);
        while (taken.Count < count)
        {
            taken.AddRange(await pops.ReceiveAsync(Math.Min(16, count - taken.Count), TimeSpan.FromSeconds(10), patience.Token));
        }

        return taken;
    }

    private SimpleConsumer Pops(ApacheTopic topic, TimeSpan invisible, MessageFilter? filter = null, string? group = null, bool isOrdered = false)
    {
        var options = new SimpleConsumerOptions
        {
            Group = group is null ? topic.Group : $"{topic.Group}-{group}",
            InvisibleTime = invisible,
            From = ConsumeFrom.First,
            Ordered = isOrdered,
        };
        var pops = new SimpleConsumer(Connection, options);
        pops.Subscribe(topic.Name, filter);
        return pops;
    }
}
