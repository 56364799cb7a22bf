using System.Text;
using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.Mapping;
using ProtoBridgeMQ.Bridge.Messages;
using ProtoBridgeMQ.Bridge.Retained;
using ProtoBridgeMQ.Bridge.Streams;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Bridge.Contract;

public abstract class RetainedContract<TFixture> : BridgeTest<TFixture>
    where TFixture : BridgeFixture, new()
{
    [Fact]
    public async Task A_retained_message_is_found_by_filter_once_it_is_acknowledged_and_is_an_ordinary_one_too()
    {
        string topic = Fixture.Name("r");
        await using IMessageStream tail = await TailAsync(TopicSelection.Of(topic));
        await RetainAsync(topic, "kitchen/temp", "21");
        Assert.Equal("21", (await ReceiveOneAsync(tail)).Text);
        Assert.Equal([$"{topic} kitchen/temp 21"], await FindAsync($"{topic}/+/temp"));
        Assert.Equal([$"{topic} kitchen/temp 21"], await FindAsync($"{topic}/#"));
        Assert.Empty(await FindAsync($"{topic}/kitchen"));
    }

    [Fact]
    public async Task The_last_one_of_a_name_counts_and_an_empty_one_removes()
    {
        string topic = Fixture.Name("r");
        for (int i = 0; i < 50; i++)
        {
            await RetainAsync(topic, "a", $"{i}");
        }

        await RetainAsync(topic, "b", "b");
        Assert.Equal([$"{topic} a 49", $"{topic} b b"], await FindAsync($"{topic}/#"));
        await RetainAsync(topic, "a", "");
        Assert.Equal([$"{topic} b b"], await FindAsync($"{topic}/#"));
        await RetainAsync(topic, "never/there", "");
        await RetainAsync(topic, "a", "again");
        Assert.Equal([$"{topic} a again", $"{topic} b b"], await FindAsync($"{topic}/#"));
    }

    [Fact]
    public async Task Retained_messages_outlive_a_restart()
    {
        string topic = Fixture.Name("r");
        List<Task> publishes = [];
        for (int i = 0; i < 300; i++)
        {
            publishes.Add(RetainAsync(topic, $"{i % 100:00}", $"{i}"));
        }

        await Task.WhenAll(publishes);
        await RetainAsync(topic, "07", "");
        await RetainAsync(topic, null, "of the topic itself");
        List<string> before = await FindAsync($"{topic}/#");
        Assert.Equal(100, before.Count);
        await Fixture.RestartAsync();
        Assert.Equal(before, await FindAsync($"{topic}/#"));
        await RetainAsync(topic, "08", "new");
        Assert.Contains($"{topic} 08 new", await FindAsync($"{topic}/+"));
    }

    [Fact]
    public async Task Properties_and_large_bodies_come_back_as_they_were()
    {
        string topic = Fixture.Name("r");
        var writer = default(PropertyTextWriter);
        writer.Write(PropertyNames.Tags, "x");
        writer.Write(PropertyNames.Keys, "k1 k2");
        writer.Write("colour"u8, "red");
        byte[] body = new byte[1 << 20];
        new Random(1).NextBytes(body);
        await Bridge.PublishAsync(new PublishMessage(topic, body, writer.Written) { Retain = true }).Within("publish completed");
        var search = new RetainedSearch(Encoding.UTF8.GetBytes(topic + "/x"));
        Bridge.Retained.Continue(search, 10, TimeProvider.System.GetUtcNow());
        using var batch = new MessageBatch();
        await Bridge.Retained.ReadAsync(Assert.Single(search.Found), batch).Within("read");
        Assert.Equal(body, batch[0].Body.ToArray());
        Assert.Equal("red", batch[0].Properties.GetString("colour"u8));
        Assert.Equal("k1 k2", batch[0].Properties.GetString(PropertyNames.Keys));
        writer.Dispose();
    }

    [Fact]
    public async Task An_expired_one_is_not_found_and_is_removed()
    {
        string topic = Fixture.Name("r");
        DateTimeOffset expiry = TimeProvider.System.GetUtcNow().AddHours(1);
        await RetainAsync(topic, "a", "old", expiry);
        Assert.Single(await FindAsync($"{topic}/a"));
        int count = Bridge.Retained.Count;
        var search = new RetainedSearch(Encoding.UTF8.GetBytes($"{topic}/a"));
        Bridge.Retained.Continue(search, 10, expiry);
        Assert.Empty(search.Found);
        Assert.Equal(1, await Bridge.Retained.RemoveExpiredAsync(expiry));
        Assert.Equal(count - 1, Bridge.Retained.Count);
        await RetainAsync(topic, "a", "new");
        Assert.Equal([$"{topic} a new"], await FindAsync($"{topic}/a"));
    }

    [Fact]
    public async Task What_another_gateway_retains_is_found()
    {
        string topic = Fixture.Name("r");
        await using IMessageBridge another = await Fixture.OpenAnotherAsync();
        for (int i = 0; i < 20; i++)
        {
            var message = new PublishMessage(topic, Encoding.UTF8.GetBytes($"{i}"), Tagged("a")) { Retain = true };
            await another.PublishAsync(message).Within("publish completed");
            await FoundAsync(topic, $"{topic} a {i}");
        }

        await another.PublishAsync(new PublishMessage(topic, default, Tagged("a")) { Retain = true }).Within("publish completed");
        await FoundAsync(topic);
    }

    [Fact]
    public async Task A_retained_message_with_a_delay_is_refused()
        => await RefusedAsync(
            BridgeError.InvalidArgument,
            () => Bridge.PublishAsync(new PublishMessage(Fixture.Name("r"), "x"u8.ToArray(), Tagged("a")) { Retain = true, Delay = TimeSpan.FromSeconds(1) }).AsTask());

    private Task<PublishReceipt> RetainAsync(string topic, string? tag, string text, DateTimeOffset? expiry = null)
    {
        MessageProperties properties = Tagged(tag);
        if (expiry is { } at)
        {
            var writer = default(PropertyTextWriter);
            writer.WriteAll(properties);
            MessageFields.WriteExpiry(at, ref writer);
            properties = new MessageProperties(writer.Written.Text.ToArray());
            writer.Dispose();
        }

        return Bridge.PublishAsync(new PublishMessage(topic, Encoding.UTF8.GetBytes(text), properties) { Retain = true }).Within($"publish of {text} completed");
    }

    /// <summary>Another gateway's message is acknowledged a moment before consumers see it.</summary>
    private async Task FoundAsync(string topic, params string[] expected)
    {
        long start = TimeProvider.System.GetTimestamp();
        List<string> found = await FindAsync($"{topic}/#");
        while (!found.SequenceEqual(expected))
        {
            Assert.True(TimeProvider.System.GetElapsedTime(start) < TimeSpan.FromSeconds(20), $"found {string.Join(", ", found)} and not {string.Join(", ", expected)}");
            await Task.Yield();
            found = await FindAsync($"{topic}/#");
        }
    }

    private async Task<List<string>> FindAsync(string filter)
    {
        await Bridge.Retained.CatchUpAsync().Within("caught up");
        List<string> found = [];
        var search = new RetainedSearch(Encoding.UTF8.GetBytes(filter));
        using var batch = new MessageBatch();
        while (!search.IsDone)
        {
            Bridge.Retained.Continue(search, 7, TimeProvider.System.GetUtcNow());
            foreach (RetainedReference reference in search.Found)
            {
                batch.Clear();
                await Bridge.Retained.ReadAsync(reference, batch).Within("read");
                found.AddRange(Copies(batch).Select(message => $"{message.Topic} {message.Tag} {message.Text}"));
            }
        }

        return found;
    }
}
