using System.Text;
using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.Filters;
using ProtoBridgeMQ.Bridge.Messages;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Bridge.Contract;

public abstract class FilterQueueContract<TFixture> : BridgeTest<TFixture>
    where TFixture : BridgeFixture, new()
{
    private IFilterQueues Queues => Bridge.FilterQueues!;

    [Fact]
    public async Task A_queue_gets_what_its_filter_matches_and_was_published_after_it_was_made()
    {
        string topic = Fixture.Name("t");
        await PublishAsync(topic, "before", "x/y", 1);
        IReadOnlyList<FilterRange> ranges = await EnsureAsync($"{topic}/+/y");
        FilterRange range = Assert.Single(ranges);
        await PublishAsync(topic, "yes", "x/y", 1);
        await PublishAsync(topic, "no", "x/y/z", 1);
        await PublishAsync(topic, "too", "z/y", 1);
        List<string> texts = await ReadAsync(range.Broker, $"{topic}/+/y", range.MaxOffset, 2);
        Assert.Equal(["yes", "too"], texts);
    }

    [Theory]
    [InlineData("#", true)]
    [InlineData("+/a/b", true)]
    [InlineData("T/#", true)]
    [InlineData("T/a/b/#", true)]
    [InlineData("T/a/+", true)]
    [InlineData("T/a", false)]
    [InlineData("T/+", false)]
    [InlineData("+", false)]
    [InlineData("T/a/b/c", false)]
    public async Task A_filter_matches_as_the_specification_says(string filter, bool matches)
    {
        string topic = Fixture.Name("t");
        filter = filter.Replace("T", topic, StringComparison.Ordinal);
        string marker = $"{topic}/marker";
        FilterRange range = Assert.Single(await EnsureAsync(filter));
        FilterRange other = Assert.Single(await EnsureAsync(marker));
        await PublishAsync(topic, "m", "a/b", 1);
        await PublishAsync(topic, "marker", "marker", 1);
        Assert.Equal(["marker"], await ReadAsync(other.Broker, marker, other.MaxOffset, 1));
        using var batch = new MessageBatch();
        await Queues.ReadAsync(new FilterPlace(Utf8(filter), range.Broker, range.MaxOffset), 10, batch);
        Assert.Equal(matches, Copies(batch).Any(message => message.Text == "m"));
    }

    [Fact]
    public async Task The_name_that_was_kept_with_a_message_is_what_is_matched()
    {
        string topic = Fixture.Name("t");
        FilterRange range = Assert.Single(await EnsureAsync($"{topic}/else/#"));
        var writer = default(PropertyTextWriter);
        writer.Write(PropertyNames.MqttTopic, $"{topic}/else/where");
        await Bridge.PublishAsync(new PublishMessage(Fixture.Name("other"), Utf8("m"), writer.Written));
        writer.Dispose();
        Assert.Equal(["m"], await ReadAsync(range.Broker, $"{topic}/else/#", range.MaxOffset, 1));
    }

    [Fact]
    public async Task Reading_goes_on_where_it_ended_and_takes_no_more_than_its_credit()
    {
        string topic = Fixture.Name("t");
        FilterRange range = Assert.Single(await EnsureAsync(topic));
        for (int i = 0; i < 25; i++)
            await PublishAsync(topic, $"{i}", null, 1);
        Assert.Equal(Enumerable.Range(0, 25).Select(i => $"{i}"), await ReadAsync(range.Broker, topic, range.MaxOffset, 25, credit: 4));
        FilterRange now = Assert.Single(await Queues.FindAsync(Utf8(topic)));
        Assert.Equal(25, now.MaxOffset - range.MaxOffset);
        using var batch = new MessageBatch();
        FilterRead end = await Queues.ReadAsync(new FilterPlace(Utf8(topic), now.Broker, now.MaxOffset), 10, batch);
        Assert.Equal(new FilterRead(true, now.MaxOffset, 0), end);
        Assert.Equal(0, batch.Count);
    }

    [Fact]
    public async Task A_message_is_found_again_by_its_place_in_the_log_when_its_queue_is_gone()
    {
        string topic = Fixture.Name("t");
        FilterRange range = Assert.Single(await EnsureAsync(topic));
        await PublishAsync(topic, "m", null, 1);
        await ReadAsync(range.Broker, topic, range.MaxOffset, 1);
        using var batch = new MessageBatch();
        await Queues.ReadAsync(new FilterPlace(Utf8(topic), range.Broker, range.MaxOffset), 1, batch);
        long place = batch[0].LogOffset;
        await Queues.DeleteAsync(Utf8(topic));
        await Queues.DeleteAsync(Utf8(topic));
        Assert.Empty(await Queues.FindAsync(Utf8(topic)));
        Assert.False((await Queues.ReadAsync(new FilterPlace(Utf8(topic), range.Broker, range.MaxOffset), 1, batch)).Exists);
        Assert.True(await Queues.ReadMessageAsync(range.Broker, place, batch));
        Assert.Equal("m", Copies(batch).Single().Text);
        Assert.False(await Queues.ReadMessageAsync(range.Broker, place + 1_000_000, batch));
        // Not there any more, or, where brokers come and go, not there now.
        try
        {
            Assert.False(await Queues.ReadMessageAsync("no such broker", place, batch));
        }
        catch (BridgeException away)
        {
            Assert.Equal(BridgeError.Unreachable, away.Error);
        }
    }

    [Fact]
    public async Task Queues_are_listed_and_outlive_a_restart_with_their_places()
    {
        string topic = Fixture.Name("t");
        FilterRange range = Assert.Single(await EnsureAsync($"{topic}/#"));
        Assert.Single(await EnsureAsync($"{topic}/+"));
        await PublishAsync(topic, "1", null, 1);
        Assert.Equal(["1"], await ReadAsync(range.Broker, $"{topic}/#", range.MaxOffset, 1));
        await Fixture.RestartAsync();
        Assert.Equal(
            [$"{topic}/#", $"{topic}/+"],
            (await Queues.ListAsync()).Select(Encoding.UTF8.GetString).Where(filter => filter.StartsWith(topic, StringComparison.Ordinal)).Order(StringComparer.Ordinal));
        await PublishAsync(topic, "2", null, 1);
        Assert.Equal(["1", "2"], await ReadAsync(range.Broker, $"{topic}/#", range.MaxOffset, 2));
    }

    [Fact]
    public async Task Whoever_watches_is_told_of_messages_also_when_the_queue_is_made_again()
    {
        string topic = Fixture.Name("t");
        await EnsureAsync(topic);
        int told = 0;
        using IDisposable watch = Queues.Watch(Utf8(topic), () => Interlocked.Increment(ref told));
        await PublishAsync(topic, "1", null, 1);
        await Eventually.True(() => Volatile.Read(ref told) > 0, "the watch was told of a message");
        await Queues.DeleteAsync(Utf8(topic));
        await EnsureAsync(topic);
        int before = Volatile.Read(ref told);
        await PublishAsync(topic, "2", null, 1);
        await Eventually.True(() => Volatile.Read(ref told) > before, "the watch was told of a message of the new queue");
    }

    [Fact]
    public async Task An_offset_that_a_queue_never_had_begins_at_its_front()
    {
        string topic = Fixture.Name("t");
        FilterRange range = Assert.Single(await EnsureAsync(topic));
        await PublishAsync(topic, "m", null, 1);
        await ReadAsync(range.Broker, topic, range.MaxOffset, 1);
        Assert.Equal(["m"], await ReadAsync(range.Broker, topic, range.MaxOffset + 1000, 1));
    }

    [Fact]
    public async Task A_filter_of_nothing_is_refused()
        => await RefusedAsync(BridgeError.FilterInvalid, () => Queues.EnsureAsync(ReadOnlyMemory<byte>.Empty).AsTask());

    [Fact]
    public async Task What_the_fronts_keep_for_themselves_is_in_no_queue()
    {
        FilterRange range = Assert.Single(await EnsureAsync("#"));
        await Bridge.State.PutAsync("s", "k", Utf8("secret"));
        string topic = Fixture.Name("t");
        await Bridge.PublishAsync(new PublishMessage(topic, Utf8("kept"), Tagged("a")) { Retain = true });
        await PublishAsync(topic, "last", null, 1);
        List<string> texts = [];
        long offset = range.MaxOffset;
        while (texts.LastOrDefault() != "last")
            texts.AddRange(await ReadAsync(range.Broker, "#", offset++, 1));
        Assert.DoesNotContain("secret", texts);
        Assert.Single(texts, "kept");
    }

    private static ReadOnlyMemory<byte> Utf8(string text) => Encoding.UTF8.GetBytes(text);

    private Task<IReadOnlyList<FilterRange>> EnsureAsync(string filter) => Queues.EnsureAsync(Utf8(filter)).AsTask().Within($"queue of {filter} made");

    /// <summary>Reads exactly so many messages from an offset on, as they come.</summary>
    private async Task<List<string>> ReadAsync(string broker, string filter, long offset, int count, int credit = 100)
    {
        using var batch = new MessageBatch();
        List<string> texts = [];
        await Eventually.TrueAsync(
            async () =>
            {
                FilterRead read = await Queues.ReadAsync(new FilterPlace(Utf8(filter), broker, offset), Math.Min(credit, count - texts.Count), batch);
                Assert.True(read.Exists);
                Assert.InRange(batch.Count, 0, credit);
                texts.AddRange(Copies(batch).Select(message => message.Text));
                offset = read.NextOffset;
                return texts.Count == count;
            },
            $"{count} messages in the queue of {filter}");
        return texts;
    }
}
