using System.Text;
using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.Messages;
using ProtoBridgeMQ.Bridge.Streams;
using ProtoBridgeMQ.Tests.Bridge.Contract;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Bridge.Embedded;

/// <summary>What groups can do at the broker in the process beyond the contract: SQL92, and any delay.</summary>
public sealed class FiltersAndDelaysOfGroups : BridgeTest<EmbeddedFixture>
{
    [Fact]
    public async Task A_group_receives_what_its_expression_is_true_of()
    {
        string topic = Fixture.Name("sql");
        for (int i = 0; i < 10; i++)
        {
            var properties = default(PropertyTextWriter);
            properties.Write("price"u8, i);
            await Bridge.PublishAsync(new PublishMessage(topic, Encoding.UTF8.GetBytes($"{i}"), new MessageProperties(properties.Written.Text.ToArray())));
            properties.Dispose();
        }

        await using IMessageStream member = await Bridge.SubscribeAsync(Member(topic, "price BETWEEN 3 AND 5"));

        Assert.Equal(["3", "4", "5"], Texts(await ConsumeAsync(member, 3)));
        await RefusedAsync(BridgeError.FilterInvalid, () => Bridge.SubscribeAsync(Member(topic, "price < 1")).AsTask());
    }

    [Theory]
    [InlineData("price >")]
    [InlineData("")]
    public async Task An_expression_that_does_not_parse_is_refused(string sql)
        => await RefusedAsync(BridgeError.FilterInvalid, () => Bridge.SubscribeAsync(Member(Fixture.Name("bad"), sql)).AsTask());

    [Fact]
    public async Task A_message_comes_again_after_a_delay_that_is_no_level()
    {
        string topic = Fixture.Name("later");
        await PublishAsync(topic, "x");
        await using IMessageStream member = await JoinAsync(Fixture.Name("g"), topic);
        Received first = await ReceiveOneAsync(member);
        DateTimeOffset released = TimeProvider.System.GetUtcNow();

        await member.SettleAsync(first.Delivery, Settlement.Release(TimeSpan.FromSeconds(2)));
        Received again = await ReceiveOneAsync(member);

        Assert.Equal(2, again.Attempt);
        Assert.InRange(TimeProvider.System.GetUtcNow() - released, TimeSpan.FromSeconds(1.5), Waiting.Patience);
    }

    [Fact]
    public async Task A_message_that_waits_is_found_by_its_unique_key_and_called_back()
    {
        // On a busy machine it may be found when its time is over: then once more, with more time.
        TimeSpan delay = TimeSpan.FromSeconds(3);
        while (!await IsCalledBackAsync(delay))
        {
            delay *= 2;
        }
    }

    /// <summary>Publishes a message that waits, finds it, and calls it back; false when that took too long.</summary>
    private async Task<bool> IsCalledBackAsync(TimeSpan delay)
    {
        string topic = Fixture.Name($"recalled{delay.TotalSeconds}");
        await using IMessageStream tail = await TailAsync(TopicSelection.Of(topic));
        long start = TimeProvider.System.GetTimestamp();
        PublishReceipt receipt = await Bridge.PublishAsync(
            new PublishMessage(topic, "never"u8.ToArray(), Keyed("K-1")) { Delay = delay, IsRecallable = true });
        Assert.NotNull(receipt.RecallHandle);
        await Eventually.TrueAsync(
            async () => await Bridge.Reader.FindPublishAsync(topic, "K-1", TimeProvider.System.GetUtcNow().AddHours(-1)) is not null, "the waiting message is found");
        if (TimeProvider.System.GetElapsedTime(start) > delay - TimeSpan.FromSeconds(1.5))
        {
            return false;
        }

        await Bridge.RecallAsync(topic, receipt.RecallHandle!);
        await Bridge.PublishAsync(new PublishMessage(topic, "after"u8.ToArray(), default) { Delay = delay + TimeSpan.FromSeconds(1), IsRecallable = true });

        Assert.Equal("after", (await ReceiveOneAsync(tail)).Text);
        await RefusedAsync(BridgeError.InvalidArgument, () => Bridge.RecallAsync(topic, "nonsense").AsTask());
        return true;
    }

    private static MessageProperties Keyed(string key)
    {
        var properties = default(PropertyTextWriter);
        properties.Write(PropertyNames.UniqueKey, key);
        byte[] text = properties.Written.Text.ToArray();
        properties.Dispose();
        return new MessageProperties(text);
    }

    private SubscribeRequest Member(string topic, string sql) => new()
    {
        Kind = StreamKind.Group,
        Topics = TopicSelection.Of(topic),
        Group = Fixture.Name("g"),
        Sql = sql,
    };
}
