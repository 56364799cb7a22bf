using System.Collections.Concurrent;
using System.Text;
using ProtoBridgeMQ.Client;
using ProtoBridgeMQ.Remoting.Headers;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Unit.Client;

public sealed class PushConsumerTests
{
    [Fact]
    public async Task Progress_waits_for_the_lowest_unhandled_message()
    {
        await using var broker = new ScriptedBroker();
        for (int i = 0; i < 5; i++)
        {
            broker.Add($"m{i}");
        }

        var release = new TaskCompletionSource();
        var others = new Signal("the messages behind the stuck one were handled");
        int handled = 0;
        await using PushConsumer consumer = await StartAsync(broker, async (message, _) =>
        {
            if (message.QueueOffset == 1)
            {
                await release.Task;
            }
            else if (Interlocked.Increment(ref handled) == 4)
            {
                others.Set();
            }

            return ConsumeResult.Success;
        });

        await others.WaitAsync();
        await Eventually.True(() => broker.Commits.Contains((0, 1)), "the offset of the stuck message was committed");
        Assert.DoesNotContain(broker.Commits, commit => commit.Offset > 1);
        release.SetResult();
        await Eventually.True(() => broker.Commits.Contains((0, 5)), "the end was committed");
        Assert.Equal(broker.Commits.Order(), broker.Commits);
    }

    [Fact]
    public async Task Progress_is_committed_when_it_stops()
    {
        await using var broker = new ScriptedBroker();
        broker.Add("m");
        var handled = new Signal("the message was handled");
        PushConsumer consumer = await StartAsync(broker, Handler(_ => handled.Set()), options => options.CommitInterval = TimeSpan.FromHours(1));
        await handled.WaitAsync();
        await consumer.DisposeAsync().Within("consumer stopped");
        Assert.Equal((0, 1L), broker.Commits.Last());
        Assert.Equal(1, broker.Count(RequestCode.UnregisterClient));
    }

    [Fact]
    public async Task A_handler_that_hangs_is_left_behind_and_its_message_is_not_committed()
    {
        await using var broker = new ScriptedBroker();
        broker.Add("hangs");
        broker.Add("is handled");
        var both = new CountdownEvent(2);
        var cancelled = new Signal("the handler was told to stop");
        PushConsumer consumer = await StartAsync(
            broker,
            async (message, token) =>
            {
                both.Signal();
                if (message.QueueOffset == 0)
                {
                    token.Register(cancelled.Set);
                    await new TaskCompletionSource().Task;
                }

                return ConsumeResult.Success;
            },
            options => options.StopTimeout = TimeSpan.FromMilliseconds(100));
        await Eventually.True(() => both.IsSet, "both handlers were called");
        await consumer.DisposeAsync().Within("consumer stopped");
        await cancelled.WaitAsync();
        Assert.All(broker.Commits, commit => Assert.Equal(0, commit.Offset));
    }

    [Fact]
    public async Task An_offset_that_the_queue_does_not_have_is_corrected_and_committed()
    {
        await using var broker = new ScriptedBroker();
        for (int i = 0; i < 3; i++)
        {
            broker.Add($"m{i}");
        }

        int pulls = 0;
        broker.OnPull = request =>
        {
            if (Interlocked.Increment(ref pulls) == 1)
            {
                request.Reply(ResponseCode.PullOffsetMoved, Pulled(next: 2));
                return;
            }

            broker.Pull(request);
        };
        broker.Add("m3");
        var handled = new ConcurrentQueue<(long, long)>();
        await using PushConsumer consumer = await StartAsync(broker, Handler(message => handled.Enqueue((message.QueueOffset, message.Missing))));
        await Eventually.True(() => broker.Commits.Contains((0, 4)), "the end was committed");
        // The first one behind the gap says how many are gone, and no other one does.
        Assert.Equal([(2L, 2L), (3, 0)], handled.Order());
        Assert.Contains((0, 2L), broker.Commits);
    }

    [Fact]
    public async Task A_message_that_cannot_be_sent_back_is_handled_again_here()
    {
        await using var broker = new ScriptedBroker();
        broker.Add("m");
        int sentBack = 0;
        broker.OnSendBack = request => request.Reply(Interlocked.Increment(ref sentBack) == 1 ? ResponseCode.SystemBusy : ResponseCode.Success);
        int calls = 0;
        await using PushConsumer consumer = await StartAsync(broker, (_, _) =>
        {
            Interlocked.Increment(ref calls);
            return ValueTask.FromResult(ConsumeResult.RetryLater);
        });
        await Eventually.True(() => broker.Commits.Contains((0, 1)), "the message is settled once it was sent back");
        Assert.Equal((2, 2), (calls, sentBack));
    }

    [Theory]
    [InlineData("a body that was changed on the way")]
    [InlineData("a truncated record")]
    [InlineData("no fields")]
    [InlineData("an unknown code")]
    public async Task A_pull_that_is_answered_wrongly_is_tried_again_and_loses_nothing(string wrong)
    {
        await using var broker = new ScriptedBroker();
        byte[] record = broker.Add("whole");
        int pulls = 0;
        broker.OnPull = request =>
        {
            if (Interlocked.Increment(ref pulls) > 2)
            {
                broker.Pull(request);
                return;
            }

            byte[] changed = [.. record];
            int body = changed.AsSpan().IndexOf("whole"u8);
            changed[body] = (byte)'W';
            switch (wrong)
            {
                case "a body that was changed on the way":
                    request.Reply(ResponseCode.Success, Pulled(1), changed);
                    break;
                case "a truncated record":
                    request.Reply(ResponseCode.Success, Pulled(1), record.AsMemory(0, record.Length - 3));
                    break;
                case "no fields":
                    request.Reply(ResponseCode.Success, default(NoFields), record);
                    break;
                default:
                    request.Reply(4711, "what?");
                    break;
            }
        };
        var texts = new ConcurrentQueue<string>();
        await using PushConsumer consumer = await StartAsync(broker, Handler(message => texts.Enqueue(Encoding.UTF8.GetString(message.Body.Span))));
        await Eventually.True(() => broker.Commits.Contains((0, 1)), "the message was handled");
        Assert.Equal(["whole"], texts);
    }

    [Fact]
    public async Task Pulling_pauses_while_too_much_is_unhandled()
    {
        await using var broker = new ScriptedBroker();
        broker.OnPull = request =>
        {
            PullMessageRequestHeader pull = PullMessageRequestHeader.Read(request.Fields);
            if (pull.QueueOffset >= 50)
            {
                return;
            }

            broker.Add("m");
            broker.Pull(request);
        };
        var release = new TaskCompletionSource();
        int handled = 0;
        await using PushConsumer consumer = await StartAsync(
            broker,
            async (_, _) =>
            {
                await release.Task;
                Interlocked.Increment(ref handled);
                return ConsumeResult.Success;
            },
            options =>
            {
                options.MaxMessagesPerQueue = 10;
                options.MaxConcurrency = 2;
            });
        await Eventually.True(() => broker.Count(RequestCode.PullMessage) == 10, "the window is full");
        int before = broker.Count(RequestCode.PullMessage);
        release.SetResult();
        await Eventually.True(() => handled == 50, "all were handled once there was room");
        Assert.Equal(10, before);
    }

    [Fact]
    public async Task Members_that_come_take_queues_at_once()
    {
        await using var broker = new ScriptedBroker(queues: 4);
        await using PushConsumer consumer = await StartAsync(broker, Handler(_ => { }), options => options.RebalanceInterval = TimeSpan.FromHours(1));
        Assert.Equal(4, consumer.Assignment.Queues.Count(queue => queue.Topic == "t"));

        broker.Join("zzz@other");
        broker.NotifyMembersChanged("g");
        await Eventually.True(() => consumer.Assignment.Queues.Count(queue => queue.Topic == "t") == 2, "two of the four queues went to the other member");
    }

    [Fact]
    public async Task A_second_consumer_of_a_group_needs_a_connection_of_its_own()
    {
        await using var broker = new ScriptedBroker();
        await using var connection = new ClusterConnection(new ClientOptions { NameServers = broker.Address });
        await using var first = new PushConsumer(connection, Options(broker), Handler(_ => { }));
        await using var second = new PushConsumer(connection, Options(broker), Handler(_ => { }));
        first.Subscribe("t");
        second.Subscribe("t");
        await first.StartAsync().Within("first started");
        await Assert.ThrowsAsync<InvalidOperationException>(() => second.StartAsync());
    }

    [Fact]
    public async Task A_start_without_a_name_server_says_so_and_can_be_repeated()
    {
        await using var broker = new ScriptedBroker();
        string address = "127.0.0.1:1";
        await using var consumer = new PushConsumer(
            new PushConsumerOptions { Group = "g", Client = { NameServers = "127.0.0.1:9", AddressMap = _ => address } }, Handler(_ => { }));
        consumer.Subscribe("t");
        var failure = await Assert.ThrowsAsync<ClusterUnreachableException>(() => consumer.StartAsync().Within("start ended"));
        Assert.False(failure.MayHaveHappened);
        address = broker.Address;
        await consumer.StartAsync().Within("second start completed");
    }

    [Theory]
    [InlineData("", "g")]
    [InlineData("nowhere", "g")]
    [InlineData("127.0.0.1:9876;x:0", "g")]
    [InlineData("127.0.0.1:9876", "a group")]
    public void Impossible_options_are_refused_with_their_name(string nameServers, string group)
    {
        var wrong = Assert.Throws<ArgumentException>(() => new PushConsumer(
            new PushConsumerOptions { Group = group, Client = { NameServers = nameServers } }, Handler(_ => { })));
        Assert.Contains(group == "g" ? "NameServers" : "Group", wrong.Message, StringComparison.Ordinal);
    }

    private static PullMessageResponseHeader Pulled(long next)
        => new() { SuggestWhichBrokerId = 0, NextBeginOffset = next, MinOffset = 0, MaxOffset = next };

    private static Func<ReceivedMessage, CancellationToken, ValueTask<ConsumeResult>> Handler(Action<ReceivedMessage> action) => (message, _) =>
    {
        action(message);
        return ValueTask.FromResult(ConsumeResult.Success);
    };

    private static PushConsumerOptions Options(ScriptedBroker broker) => new()
    {
        Group = "g",
        From = ConsumeFrom.First,
        CommitInterval = TimeSpan.FromMilliseconds(10),
        RetryPause = TimeSpan.FromMilliseconds(10),
        Client = { NameServers = broker.Address },
    };

    private static async Task<PushConsumer> StartAsync(
        ScriptedBroker broker,
        Func<ReceivedMessage, CancellationToken, ValueTask<ConsumeResult>> handler,
        Action<PushConsumerOptions>? configure = null)
    {
        PushConsumerOptions options = Options(broker);
        configure?.Invoke(options);
        var consumer = new PushConsumer(options, handler);
        consumer.Subscribe("t");
        await consumer.StartAsync().Within("consumer started");
        return consumer;
    }
}
