using ProtoBridgeMQ.Broker;
using ProtoBridgeMQ.Broker.Config;
using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Broker.Topics;
using ProtoBridgeMQ.Store.Files;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Unit.Broker;

/// <summary>The table of topics and its journal, as a crash at any moment leaves them.</summary>
public sealed class TopicsOnDisk : IDisposable
{
    private readonly TempDirectory _directory = new("topics");
    private readonly ManualClock _clock = new();
    private readonly BrokerOptions _options = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void A_thousand_topics_are_written_once_each_and_the_table_once_for_all()
    {
        using TopicTable table = Open();
        byte[] before = File.ReadAllBytes(Table);
        for (int number = 0; number < 1000; number++)
        {
            Assert.Equal(SendStatus.Ok, table.Put(new BrokerTopic { Name = $"t{number}" }));
        }

        Assert.Equal(before, File.ReadAllBytes(Table));
        Assert.InRange(new FileInfo(Journal).Length, 1000 * 100, 1000 * 400);
        _clock.Advance(_options.TopicFileInterval);
        Assert.Equal(table.Count, TopicFile.Parse(File.ReadAllBytes(Table))!.Topics.Count);
        Assert.False(File.Exists(Journal), "the journal is empty");
    }

    [Fact]
    public void What_was_acknowledged_is_there_after_a_crash()
    {
        using TopicTable table = Open();
        table.Put(new BrokerTopic { Name = "kept", ReadQueues = 3, Ordered = true, Attributes = TopicAttributes.None.With("message.type", "FIFO") });
        table.Put(new BrokerTopic { Name = "changed" });
        _clock.Advance(_options.TopicFileInterval);
        table.Put(new BrokerTopic { Name = "changed", Permissions = 4 });
        table.Put(new BrokerTopic { Name = "gone" });
        table.Remove("gone");
        table.Put(new BrokerTopic { Name = "last" });

        using TopicTable after = Open();
        Assert.Equal(table.Find("kept"), after.Find("kept"));
        Assert.Equal(4, after.Find("changed")!.Permissions);
        Assert.Null(after.Find("gone"));
        Assert.NotNull(after.Find("last"));
        Assert.True(after.Version.Counter > table.Version.Counter);
    }

    [Fact]
    public void A_torn_line_is_no_topic_and_hides_none_before_it()
    {
        using TopicTable table = Open();
        table.Put(new BrokerTopic { Name = "first" });
        long whole = new FileInfo(Journal).Length;
        table.Put(new BrokerTopic { Name = "second" });
        byte[] journal = File.ReadAllBytes(Journal);
        byte[] topics = File.ReadAllBytes(Table);
        for (int length = (int)whole; length < journal.Length; length++)
        {
            File.WriteAllBytes(Table, topics);
            File.WriteAllBytes(Journal, journal[..length]);
            using TopicTable after = Open();
            Assert.NotNull(after.Find("first"));
            Assert.Null(after.Find("second"));
        }
    }

    [Fact]
    public void A_clean_stop_leaves_the_whole_table_for_any_broker()
    {
        using (TopicTable table = Open())
        {
            table.Put(new BrokerTopic { Name = "t" });
        }

        Assert.Contains(TopicFile.Parse(File.ReadAllBytes(Table))!.Topics, static topic => topic.Name == "t");
        Assert.False(File.Exists(Journal), "the journal is empty");
    }

    [Fact]
    public void Changes_since_a_state_are_told_and_all_when_that_is_too_long_ago()
    {
        using TopicTable table = Open();
        table.Put(new BrokerTopic { Name = "t" });
        DataVersion version = table.Version;
        Assert.Empty(table.Since(version).Topics);
        table.Put(new BrokerTopic { Name = "u" });
        table.Put(new BrokerTopic { Name = "u", Permissions = 4 });
        TopicChanges changes = table.Since(version);
        Assert.Equal(("u", 4), (Assert.Single(changes.Topics).Name, changes.Topics[0].Permissions));
        Assert.Equal((false, false, table.Version), (changes.IsWhole, changes.HasRemovals, changes.Version));
        table.Remove("t");
        Assert.True(table.Since(version).HasRemovals);
        Assert.True(table.Since(version with { Counter = 0 }).IsWhole);
        table.TellAgain();
        Assert.Equal((true, table.Count), (table.Since(version).IsWhole, table.Since(version).Topics.Count));
    }

    private string Table => _directory["config/topics.json"];

    private string Journal => _directory["config/topics.journal"];

    private TopicTable Open() => new(_options, new TableFile(PhysicalFileSystem.Instance, Table), _clock);
}
