using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.Topics;

namespace ProtoBridgeMQ.Tests.Bridge.Contract;

public abstract class TopicContract<TFixture> : BridgeTest<TFixture>
    where TFixture : BridgeFixture, new()
{
    [Fact]
    public async Task A_topic_is_found_once_it_is_created_or_published_to()
    {
        string created = Fixture.Name("created");
        string published = Fixture.Name("published");
        Assert.Null(await Bridge.Topics.FindAsync(created));
        Assert.Equal(new TopicInfo(created, 3), await Bridge.Topics.CreateAsync(created, 3));
        await PublishAsync(published, "m");
        Assert.Equal(new TopicInfo(created, 3), await Bridge.Topics.FindAsync(created));
        Assert.NotNull(await Bridge.Topics.FindAsync(published));
        IReadOnlyList<TopicInfo> all = await Bridge.Topics.ListAsync();
        Assert.Contains(all, topic => topic.Name == created);
        Assert.Contains(all, topic => topic.Name == published);
        Assert.Equal(all.Select(topic => topic.Name).Order(StringComparer.Ordinal), all.Select(topic => topic.Name));
        Assert.DoesNotContain(all, topic => TopicNames.IsGroupTopic(topic.Name));
    }

    [Fact]
    public async Task A_topic_gets_more_queues_and_never_fewer()
    {
        string topic = Fixture.Name("grows");
        await Bridge.Topics.CreateAsync(topic, 2);
        Assert.Equal(5, (await Bridge.Topics.CreateAsync(topic, 5)).Queues);
        Assert.Equal(5, (await Bridge.Topics.CreateAsync(topic, 1)).Queues);
    }

    [Fact]
    public async Task An_impossible_topic_is_refused()
    {
        await RefusedAsync(BridgeError.TopicInvalid, () => Bridge.Topics.CreateAsync("a/b", 1).AsTask());
        await RefusedAsync(BridgeError.TopicInvalid, () => Bridge.Topics.CreateAsync("", 1).AsTask());
        await RefusedAsync(BridgeError.TopicInvalid, () => Bridge.Topics.CreateAsync(Fixture.Name("none"), 0).AsTask());
    }
}
