using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Broker.Topics;
using ProtoBridgeMQ.Remoting.Headers;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.Tests.Unit.Broker;

public class TopicsOfABroker
{
    [Fact]
    public async Task A_topic_made_by_sending_has_the_queues_the_sender_asked_for_and_survives_a_restart()
    {
        await using BrokerBench bench = BrokerBench.Open();
        using (await bench.Connect().SendAsync("t", "1"))
        {
        }

        await bench.RestartAsync();
        BrokerTopic topic = bench.Core.Topics.Find("t")!;
        Assert.Equal((4, 4, 6, true), (topic.ReadQueues, topic.WriteQueues, topic.Permissions, topic.IsUser));
        Assert.Same(topic, bench.Core.Topics.Find("t"u8));
    }

    [Theory]
    [InlineData("a b", ResponseCode.InvalidParameter)]
    [InlineData("ä", ResponseCode.InvalidParameter)]
    [InlineData("a/b", ResponseCode.InvalidParameter)]
    [InlineData("", ResponseCode.InvalidParameter)]
    [InlineData("SCHEDULE_TOPIC_XXXX", ResponseCode.NoPermission)]
    [InlineData("RMQ_SYS_TRANS_HALF_TOPIC", ResponseCode.NoPermission)]
    [InlineData("OFFSET_MOVED_EVENT", ResponseCode.NoPermission)]
    [InlineData("%DLQ%g", ResponseCode.TopicNotExist)]
    public async Task Names_that_cannot_be_are_refused(string topic, int code)
    {
        await using BrokerBench bench = BrokerBench.Open();
        using RemotingResponse sent = await bench.Connect().SendAsync(topic, "1");
        Assert.Equal(code, sent.Code);
        Assert.NotEmpty(sent.Remark!);
    }

    [Fact]
    public async Task A_name_of_127_characters_is_the_longest()
    {
        await using BrokerBench bench = BrokerBench.Open();
        using RemotingResponse fits = await bench.Connect().SendAsync(new string('t', 127), "1");
        using RemotingResponse tooLong = await bench.Connect().SendAsync(new string('t', 128), "1");
        Assert.Equal((ResponseCode.Success, ResponseCode.InvalidParameter), (fits.Code, tooLong.Code));
    }

    [Fact]
    public async Task Without_auto_creation_an_unknown_topic_is_refused()
    {
        await using BrokerBench bench = BrokerBench.Open(options => options.AutoCreateTopics = false);
        using RemotingResponse sent = await bench.Connect().SendAsync("t", "1");
        Assert.Equal((ResponseCode.TopicNotExist, "topic[t] not exist, apply first please!"), (sent.Code, sent.Remark));
    }

    [Fact]
    public async Task The_number_of_topics_is_limited_and_the_refusal_names_the_limit()
    {
        await using BrokerBench bench = BrokerBench.Open(options => options.MaxTopics = 32);
        BrokerClient client = bench.Connect();
        RemotingResponse last;
        int made = 0;
        while ((last = await client.SendAsync($"t{made}", "1")).Code == ResponseCode.Success)
        {
            last.Dispose();
            made++;
            Assert.True(made < 40);
        }

        Assert.Equal(ResponseCode.TopicNotExist, last.Code);
        Assert.Contains("32 topics", last.Remark, StringComparison.Ordinal);
        last.Dispose();
    }

    [Theory]
    [InlineData("t", 8, 8, 6, ResponseCode.Success)]
    [InlineData("t", 0, 0, 6, ResponseCode.Success)]
    [InlineData("t", -1, 8, 6, ResponseCode.InvalidParameter)]
    [InlineData("t", 8, 100_000, 6, ResponseCode.InvalidParameter)]
    [InlineData("t", 8, 8, 99, ResponseCode.InvalidParameter)]
    [InlineData("TBW102", 8, 8, 6, ResponseCode.InvalidParameter)]
    [InlineData("broker-a", 8, 8, 6, ResponseCode.InvalidParameter)]
    [InlineData("rmq_sys_x", 8, 8, 6, ResponseCode.InvalidParameter)]
    [InlineData("a.b", 8, 8, 6, ResponseCode.InvalidParameter)]
    public async Task Topics_are_created_by_command_within_limits(string name, int readQueues, int writeQueues, int permission, int code)
    {
        await using BrokerBench bench = BrokerBench.Open();
        using RemotingResponse answer = await bench.Connect().AskAsync(RequestCode.UpdateAndCreateTopic, new CreateTopicRequestHeader
        {
            Topic = name,
            DefaultTopic = "TBW102",
            ReadQueues = readQueues,
            WriteQueues = writeQueues,
            Permission = permission,
            FilterType = "SINGLE_TAG",
        });
        Assert.Equal(code, answer.Code);
    }

    [Fact]
    public async Task A_topic_that_may_not_be_written_or_read_is_refused()
    {
        await using BrokerBench bench = BrokerBench.Open();
        BrokerClient client = bench.Connect();
        bench.Core.Topics.Put(new BrokerTopic { Name = "closed", Permissions = 0 });
        using RemotingResponse sent = await client.SendAsync("closed", "1");
        using RemotingResponse pulled = await client.PullAsync("closed", 0);
        Assert.Equal((ResponseCode.NoPermission, ResponseCode.NoPermission), (sent.Code, pulled.Code));
    }

    [Fact]
    public async Task All_topics_are_told_in_the_form_of_the_file()
    {
        await using BrokerBench bench = BrokerBench.Open();
        BrokerClient client = bench.Connect();
        using RemotingResponse answer = await client.AskAsync(RequestCode.GetAllTopicConfig, default(EmptyFields));
        SavedTopics told = TopicFile.Parse(answer.Body.Span)!;
        SavedTopics saved = TopicFile.Parse(await File.ReadAllBytesAsync(bench["config/topics.json"]))!;
        Assert.Equal(saved.Version, told.Version);
        Assert.Equal(saved.Topics.OrderBy(topic => topic.Name), told.Topics.OrderBy(topic => topic.Name));
        Assert.Contains(told.Topics, topic => topic is { Name: "TBW102", Permissions: 7 });
    }

    [Fact]
    public async Task A_broken_table_stops_the_start_unless_its_backup_can_be_read()
    {
        await using BrokerBench bench = BrokerBench.Open();
        using (await bench.Connect().SendAsync("t", "1"))
        {
        }

        using (await bench.Connect().SendAsync("u", "1"))
        {
        }

        string file = bench["config/topics.json"];
        await bench.RestartAfterAsync(() => File.WriteAllText(file, "{ torn"));
        Assert.NotNull(bench.Core.Topics.Find("t"));

        await Assert.ThrowsAsync<ProtoBridgeMQ.Store.StoreUnusableException>(() => bench.RestartAfterAsync(() =>
        {
            File.WriteAllText(file, "{ torn");
            File.WriteAllText(file + ".bak", string.Empty);
        }));
        File.Delete(file);
        File.Delete(file + ".bak");
        await bench.RestartAfterAsync(() => { });
    }
}
