using System.Buffers;
using ProtoBridgeMQ.Client;
using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Unit.Client;

/// <summary>Brokers that answer as RocketMQ 5.3.3's do where that is other than one would think.</summary>
public sealed class BrokerOfFiveTests
{
    private const int OfFourNineEight = 409;
    private const int OfFiveThreeThree = 479;

    private static readonly MessageQueue Queue = new("t", "a", 0);

    [Theory]
    [InlineData(LanguageCode.Java, OfFiveThreeThree, true)]
    [InlineData(LanguageCode.Java, OfFourNineEight, false)]
    [InlineData(LanguageCode.DotNet, OfFiveThreeThree, false)]
    public async Task An_empty_body_is_sent_packed_to_a_broker_that_fails_at_a_request_without_a_body(LanguageCode language, int version, bool packed)
    {
        var sent = new List<(int Flag, byte[] Body)>();
        ScriptedServer? broker = null;
        await using ScriptedServer scripted = broker = new ScriptedServer(
            Answers.Routes(topic => topic == "t" ? Answers.Route(1, ("a", broker!.Address)) : null),
            Answers.Heartbeats,
            Answers.Leaves,
            (RequestCode.SendMessageV2, request =>
            {
                sent.Add((SendMessageRequestHeaderV2.Read(request.Fields).Header.SystemFlag, request.Body.ToArray()));
                if (packed && request.Body.IsEmpty)
                {
                    request.Reply(ResponseCode.SystemError, "java.lang.NullPointerException, the broker's own");
                }
                else
                {
                    Answers.Store(request);
                }
            }))
        {
            Language = language,
            Version = version,
        };
        await using var producer = new Producer(new ProducerOptions { Client = { NameServers = broker.Address } });
        await producer.StartAsync();

        await producer.SendAsync(new Message("t", "x"u8.ToArray())).Within("another message is stored");
        await Eventually.True(() => broker.Count(RequestCode.Heartbeat) > 0, "the broker got a heartbeat");
        // A message with a time waits for the answer to a heartbeat, if there was none yet.
        if (version != OfFourNineEight)
        {
            await producer.SendAsync(new Message("t", "x"u8.ToArray()) { DeliverAfter = TimeSpan.FromSeconds(1) }).Within("a message with a time is stored");
        }
        else
        {
            await Assert.ThrowsAsync<RequestRefusedException>(() => producer.SendAsync(new Message("t", "x"u8.ToArray()) { DeliverAfter = TimeSpan.FromSeconds(1) }).AsTask());
        }

        await producer.SendAsync(new Message("t", default)).Within("the empty message is stored");

        (int flag, byte[] body) = sent[^1];
        Assert.Equal(packed, BodyCompression.IsCompressed(flag));
        Assert.Equal(packed, body.Length > 0);
        Assert.True(!packed || (BodyCompression.TryUnpack(flag, body, 0, out byte[] unpacked, out _) && unpacked.Length == 0));
        Assert.Equal(0, sent[0].Flag);
        Assert.Equal("x"u8.ToArray(), sent[0].Body);
    }

    [Fact]
    public async Task A_held_pull_is_waited_for_as_long_as_a_broker_may_hold_it_that_looks_every_5_seconds()
    {
        var clock = new ManualClock();
        await using var broker = new ScriptedBroker();
        RemotingRequest? held = null;
        broker.OnPull = request => held = request;
        await using var connection = new ClusterConnection(new ClientOptions { NameServers = broker.Address, TimeProvider = clock });
        var reader = new QueueReader(connection, "g");

        Task<PullResult> pull = reader.PullAsync(Queue, 0, 32, TimeSpan.FromSeconds(15)).AsTask();
        await Eventually.True(() => held is not null, "the broker holds the pull");
        clock.Advance(TimeSpan.FromSeconds(19.9));
        held!.Reply(ResponseCode.PullOffsetMoved, new PullMessageResponseHeader { SuggestWhichBrokerId = 0, NextBeginOffset = 5, MinOffset = 0, MaxOffset = 10 });

        using PullResult result = await pull.Within("the pull was answered");
        Assert.Equal((PullStatus.OffsetIllegal, 5L), (result.Status, result.NextOffset));
    }

    [Fact]
    public async Task Progress_of_a_group_that_the_broker_does_not_know_yet_is_committed_once_it_has_pulled()
    {
        await using var broker = new ScriptedBroker();
        broker.Add("m");
        broker.OnCommit = request =>
        {
            if (broker.Count(RequestCode.PullMessage) == 0)
            {
                request.Reply(ResponseCode.SubscriptionGroupNotExist, "Group g not exist!");
            }
            else
            {
                broker.Commit(request);
            }
        };
        await using var connection = new ClusterConnection(new ClientOptions { NameServers = broker.Address });
        await using var polls = new PullConsumer(connection, new PullConsumerOptions { Group = "g", From = ConsumeFrom.First, AutoCommit = false });
        await polls.AssignAsync([Queue]);
        await polls.StartAsync();

        Assert.Single(await polls.PollAsync(1, Waiting.Patience).Within("the message was polled"));

        Assert.Equal([(0, 0L)], broker.Commits);
    }
}
