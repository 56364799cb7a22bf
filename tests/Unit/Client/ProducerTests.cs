using System.Net;
using System.Net.Sockets;
using ProtoBridgeMQ.Client;
using ProtoBridgeMQ.Remoting.Headers;
using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Tests.Support;
using ProtoBridgeMQ.Tests.Support.Processes;

namespace ProtoBridgeMQ.Tests.Unit.Client;

public sealed class ProducerTests
{
    private static Message AMessage => new("t", "body"u8.ToArray());

    [Fact]
    public async Task A_send_that_one_broker_refuses_goes_to_another()
    {
        await using var bad = new ScriptedServer(Answers.Refuses(ResponseCode.SystemBusy), Answers.Heartbeats, Answers.Leaves);
        await using var good = new ScriptedServer(Answers.Stores(), Answers.Heartbeats, Answers.Leaves);
        await using var names = new ScriptedServer(Answers.Routes(_ => Answers.Route(1, ("a", bad.Address), ("b", good.Address))));
        await using Producer producer = await StartAsync(names);

        for (int i = 0; i < 10; i++)
        {
            SendReceipt receipt = await producer.SendAsync(AMessage).Within("send completed");
            Assert.Equal("b", receipt.Queue.BrokerName);
            Assert.Equal(7, receipt.QueueOffset);
        }

        // Avoided after its first failure: it is not asked once per send.
        Assert.InRange(bad.Count(RequestCode.SendMessageV2), 0, 1);
    }

    [Fact]
    public async Task A_refusal_that_another_broker_would_repeat_is_not_retried_and_has_its_code()
    {
        await using var broker = new ScriptedServer(Answers.Refuses(ResponseCode.MessageIllegal, "too long"), Answers.Heartbeats, Answers.Leaves);
        await using var names = new ScriptedServer(Answers.Routes(_ => Answers.Route(4, ("a", broker.Address))));
        await using Producer producer = await StartAsync(names);

        var refused = await Assert.ThrowsAsync<RequestRefusedException>(() => producer.SendAsync(AMessage).Within("send ended"));

        Assert.Equal(ResponseCode.MessageIllegal, refused.ResponseCode);
        Assert.False(refused.MayHaveHappened);
        Assert.Contains("too long", refused.Message, StringComparison.Ordinal);
        Assert.Equal(1, broker.Count(RequestCode.SendMessageV2));
    }

    [Fact]
    public async Task A_broker_that_never_answers_gives_a_timeout_that_may_have_happened()
    {
        await using var broker = new ScriptedServer(Answers.Hangs, Answers.Heartbeats, Answers.Leaves);
        await using var names = new ScriptedServer(Answers.Routes(_ => Answers.Route(4, ("a", broker.Address))));
        await using Producer producer = await StartAsync(names, options => options.SendTimeout = TimeSpan.FromMilliseconds(300));

        RequestTimeoutException? late = null;
        while (broker.Count(RequestCode.SendMessageV2) == 0)
        {
            // On a busy machine the time may be up before there is a connection.
            late = await Assert.ThrowsAsync<RequestTimeoutException>(() => producer.SendAsync(AMessage).Within("send ended"));
        }

        Assert.True(late!.MayHaveHappened);
    }

    [Fact]
    public async Task An_unknown_outcome_stays_unknown_when_a_later_try_fails_for_sure()
    {
        await using var hangs = new ScriptedServer(Answers.Hangs, Answers.Heartbeats, Answers.Leaves);
        await using var refuses = new ScriptedServer(Answers.Refuses(ResponseCode.MessageIllegal), Answers.Heartbeats, Answers.Leaves);
        await using var names = new ScriptedServer(Answers.Routes(_ => Answers.Route(1, ("a", hangs.Address), ("b", refuses.Address))));
        await using Producer producer = await StartAsync(names, options => options.AttemptTimeout = TimeSpan.FromMilliseconds(200));
        List<RequestRefusedException> failures = [];
        while (hangs.Count(RequestCode.SendMessageV2) == 0)
        {
            failures.Add(await Assert.ThrowsAsync<RequestRefusedException>(() => producer.SendAsync(AMessage).Within("send ended")));
        }

        Assert.True(failures[^1].MayHaveHappened);
        Assert.All(failures.SkipLast(1), failure => Assert.False(failure.MayHaveHappened));
    }

    [Fact]
    public async Task No_broker_listening_means_that_nothing_was_sent()
    {
        string nowhere = $"127.0.0.1:{FreePorts.Next()}";
        await using var names = new ScriptedServer(Answers.Routes(_ => Answers.Route(1, ("a", nowhere))));
        await using Producer producer = await StartAsync(names);

        var failure = await Assert.ThrowsAsync<ClusterUnreachableException>(() => producer.SendAsync(AMessage).Within("send ended"));

        Assert.False(failure.MayHaveHappened);
        Assert.Equal(nowhere, failure.Address);
    }

    [Fact]
    public async Task A_dead_name_server_is_passed_over()
    {
        await using var broker = new ScriptedServer(Answers.Stores(), Answers.Heartbeats, Answers.Leaves);
        await using var names = new ScriptedServer(Answers.Routes(_ => Answers.Route(1, ("a", broker.Address))));
        await using Producer producer = await StartAsync(names, nameServers: $"127.0.0.1:{FreePorts.Next()};{names.Address}");

        Assert.Equal(SendStatus.Ok, (await producer.SendAsync(AMessage).Within("send completed")).Status);
    }

    [Fact]
    public async Task A_topic_that_nobody_has_is_created_by_sending_through_the_template()
    {
        string? sentTemplate = null;
        await using var broker = new ScriptedServer(
            (RequestCode.SendMessageV2, request =>
            {
                sentTemplate = SendMessageRequestHeaderV2.Read(request.Fields).Header.DefaultTopic.ToString();
                Answers.Store(request);
            }),
            Answers.Heartbeats,
            Answers.Leaves);
        await using var names = new ScriptedServer(Answers.Routes(topic => topic == "TBW102" ? Answers.Route(8, ("a", broker.Address)) : null));
        await using Producer creating = await StartAsync(names);
        await using Producer strict = await StartAsync(names, options => options.NewTopicTemplate = null);

        await creating.SendAsync(AMessage).Within("send completed");
        var missing = await Assert.ThrowsAsync<TopicNotFoundException>(() => strict.SendAsync(AMessage).Within("send ended"));

        Assert.Equal("TBW102", sentTemplate);
        Assert.Equal("t", missing.Topic);
    }

    [Fact]
    public async Task A_broker_that_lost_the_topic_makes_the_route_be_asked_for_again()
    {
        await using var old = new ScriptedServer(Answers.Refuses(ResponseCode.TopicNotExist), Answers.Heartbeats, Answers.Leaves);
        await using var now = new ScriptedServer(Answers.Stores(), Answers.Heartbeats, Answers.Leaves);
        int asked = 0;
        await using var names = new ScriptedServer(Answers.Routes(_ =>
            Interlocked.Increment(ref asked) == 1 ? Answers.Route(4, ("a", old.Address)) : Answers.Route(4, ("b", now.Address))));
        await using Producer producer = await StartAsync(names);

        Assert.Equal("b", (await producer.SendAsync(AMessage).Within("send completed")).Queue.BrokerName);
        Assert.Equal(2, asked);
    }

    [Fact]
    public async Task An_answer_without_its_fields_is_a_bad_answer_that_may_have_happened()
    {
        await using var broker = new ScriptedServer(
            (RequestCode.SendMessageV2, request => request.Reply(ResponseCode.Success)), Answers.Heartbeats, Answers.Leaves);
        await using var names = new ScriptedServer(Answers.Routes(_ => Answers.Route(1, ("a", broker.Address))));
        await using Producer producer = await StartAsync(names, options => options.Retries = 0);

        var bad = await Assert.ThrowsAsync<BadAnswerException>(() => producer.SendAsync(AMessage).Within("send ended"));

        Assert.True(bad.MayHaveHappened);
    }

    [Theory]
    [InlineData("an answer to another request")]
    [InlineData("a truncated answer")]
    [InlineData("garbage")]
    public async Task A_lying_broker_costs_its_own_requests_only(string lie)
    {
        using var liar = new TcpListener(IPAddress.Loopback, 0);
        liar.Start();
        using var stop = new CancellationTokenSource();
        Task lying = LieAsync(liar, lie, stop.Token);
        await using var good = new ScriptedServer(Answers.Stores(), Answers.Heartbeats, Answers.Leaves);
        await using var names = new ScriptedServer(Answers.Routes(topic => topic == "lies"
            ? Answers.Route(1, ("liar", $"127.0.0.1:{((IPEndPoint)liar.LocalEndpoint).Port}"))
            : Answers.Route(1, ("b", good.Address))));
        await using Producer producer = await StartAsync(names, options =>
        {
            options.Retries = 0;
            options.SendTimeout = TimeSpan.FromMilliseconds(2500);
        });

        var failure = await Assert.ThrowsAnyAsync<ProtoBridgeMqException>(() => producer.SendAsync(new Message("lies", default)).Within("send ended"));

        Assert.True(failure.MayHaveHappened, failure.Message);
        Assert.Equal(SendStatus.Ok, (await producer.SendAsync(AMessage).Within("send to the other broker completed")).Status);
        await stop.CancelAsync();
        await lying;
    }

    [Fact]
    public async Task A_name_server_that_answers_nonsense_is_a_bad_answer()
    {
        await using var names = new ScriptedServer((RequestCode.GetRouteInfoByTopic, request =>
            request.Reply(ResponseCode.Success, default(NoFields), "not a route"u8.ToArray())));
        await using Producer producer = await StartAsync(names);

        var bad = await Assert.ThrowsAsync<BadAnswerException>(() => producer.SendAsync(AMessage).Within("send ended"));
        Assert.False(bad.MayHaveHappened);
    }

    [Fact]
    public async Task The_wire_has_what_other_clients_expect()
    {
        SendMessageRequestHeader header = default;
        byte[] body = [];
        string? tag = null, keys = null, unique = null, wait = null, delay = null, own = null;
        await using var broker = new ScriptedServer(
            (RequestCode.SendMessageV2, request =>
            {
                header = SendMessageRequestHeaderV2.Read(request.Fields).Header;
                ReadOnlySpan<byte> text = header.Properties.Span;
                tag = PropertyText.GetString(text, "TAGS"u8);
                keys = PropertyText.GetString(text, "KEYS"u8);
                unique = PropertyText.GetString(text, "UNIQ_KEY"u8);
                wait = PropertyText.GetString(text, "WAIT"u8);
                delay = PropertyText.GetString(text, "DELAY"u8);
                own = PropertyText.GetString(text, "färbe"u8);
                body = [.. System.Buffers.BuffersExtensions.ToArray(request.Body)];
                Answers.Store(request);
            }),
            Answers.Heartbeats,
            Answers.Leaves);
        await using var names = new ScriptedServer(Answers.Routes(_ => Answers.Route(1, ("a", broker.Address))));
        await using Producer producer = await StartAsync(names);
        byte[] large = new byte[10_000];

        SendReceipt receipt = await producer.SendAsync(
            new Message("t", large, "tag", "k1 k2") { DelayLevel = 3, Flag = 9, Properties = { ["färbe"] = "grün" } }).Within("send completed");

        Assert.Equal(("tag", "k1 k2", "true", "3", "grün"), (tag, keys, wait, delay, own));
        Assert.Equal(receipt.MessageId, unique);
        Assert.Equal(9, header.Flag);
        Assert.Equal(MessageSysFlag.Compressed | MessageSysFlag.CompressionZlib, header.SystemFlag);
        Assert.True(BodyCompression.TryUnpack(header.SystemFlag, body, 20_000, out byte[] unpacked, out _));
        Assert.Equal(large, unpacked);
    }

    [Fact]
    public async Task Sends_of_one_key_leave_one_after_the_other()
    {
        var arrived = new System.Collections.Concurrent.ConcurrentQueue<string>();
        await using var broker = new ScriptedServer(
            (RequestCode.SendMessageV2, request =>
            {
                arrived.Enqueue(System.Text.Encoding.UTF8.GetString(System.Buffers.BuffersExtensions.ToArray(request.Body)));
                Answers.Store(request);
            }),
            Answers.Heartbeats,
            Answers.Leaves);
        await using var names = new ScriptedServer(Answers.Routes(_ => Answers.Route(8, ("a", broker.Address))));
        await using Producer producer = await StartAsync(names);

        SendReceipt[] receipts = await Task.WhenAll(Enumerable.Range(0, 50)
            .Select(i => producer.SendAsync(new Message("t", System.Text.Encoding.UTF8.GetBytes($"{i}")), "key").AsTask())).Within("all sends completed");

        Assert.Single(receipts.Select(receipt => receipt.Queue).Distinct());
        Assert.Equal(Enumerable.Range(0, 50).Select(i => $"{i}"), arrived);
    }

    [Fact]
    public async Task A_batch_splits_itself_by_size_and_says_what_was_sent_when_a_part_fails()
    {
        int parts = 0;
        List<int> counts = [];
        await using var broker = new ScriptedServer(
            (RequestCode.SendBatchMessage, request =>
            {
                counts.Add(BatchBody.Count(System.Buffers.BuffersExtensions.ToArray(request.Body)));
                if (++parts == 3)
                {
                    request.Reply(ResponseCode.MessageIllegal, "scripted");
                    return;
                }

                request.Reply(ResponseCode.Success, new SendMessageResponseHeader { MessageId = "A,B", QueueId = 0, QueueOffset = parts * 100 });
            }),
            Answers.Heartbeats,
            Answers.Leaves);
        await using var names = new ScriptedServer(Answers.Routes(_ => Answers.Route(1, ("a", broker.Address))));
        await using Producer producer = await StartAsync(names, options => options.MaxBatchSize = 4096);
        Message[] messages = [.. Enumerable.Range(0, 10).Select(_ => new Message("t", new byte[1500]))];

        var partly = await Assert.ThrowsAsync<BatchPartlySentException>(() => producer.SendBatchAsync(messages).Within("batch ended"));

        Assert.Equal([2, 2, 2], counts);
        Assert.Equal([100L, 101, 200, 201], partly.Sent.Select(receipt => receipt.QueueOffset));
        Assert.Equal(4, partly.Sent.Select(receipt => receipt.MessageId).Distinct().Count());
    }

    [Fact]
    public async Task A_blocking_send_does_not_need_the_callers_context()
    {
        await using var broker = new ScriptedServer(Answers.Stores(), Answers.Heartbeats, Answers.Leaves);
        await using var names = new ScriptedServer(Answers.Routes(_ => Answers.Route(1, ("a", broker.Address))));
        await using Producer producer = await StartAsync(names);
        var sent = new Signal("blocking send under a context that never runs anything");
        new Thread(() =>
        {
            SynchronizationContext.SetSynchronizationContext(new NeverRuns());
            producer.Send(AMessage);
            sent.Set();
        }).Start();
        await sent.WaitAsync();
    }

    [Fact]
    public async Task Impossible_messages_are_refused_before_anything_is_sent()
    {
        await using var names = new ScriptedServer(Answers.Routes(_ => null));
        await using Producer producer = await StartAsync(names);

        await Assert.ThrowsAsync<InvalidMessageException>(() => producer.SendAsync(new Message("a/b", default)).AsTask());
        await Assert.ThrowsAsync<InvalidMessageException>(() => producer.SendAsync(new Message("t", new byte[(4 << 20) + 1])).AsTask());
        await Assert.ThrowsAsync<InvalidMessageException>(() => producer.SendAsync(new Message("t", default) { Properties = { ["TAGS"] = "x" } }).AsTask());
        await Assert.ThrowsAsync<InvalidMessageException>(() => producer.SendAsync(new Message("t", default) { Properties = { ["x"] = "\u0001" } }).AsTask());
        await Assert.ThrowsAsync<InvalidMessageException>(() => producer.SendAsync(new Message("t", default) { Properties = { ["x"] = new string('y', 40_000) } }).AsTask());
        await Assert.ThrowsAsync<InvalidMessageException>(() => producer.SendBatchAsync([AMessage, new Message("other", default)]).AsTask());
        Assert.Empty(names.Seen);
    }

    [Fact]
    public async Task Addresses_go_through_the_map()
    {
        await using var broker = new ScriptedServer(Answers.Stores(), Answers.Heartbeats, Answers.Leaves);
        await using var names = new ScriptedServer(Answers.Routes(_ => Answers.Route(1, ("a", "10.255.0.1:10911"))));
        await using var producer = new Producer(new ProducerOptions
        {
            Client = { NameServers = names.Address, AddressMap = address => address == "10.255.0.1:10911" ? broker.Address : address },
        });
        await producer.StartAsync();
        Assert.Equal(SendStatus.Ok, (await producer.SendAsync(AMessage).Within("send completed")).Status);
    }

    private static async Task<Producer> StartAsync(ScriptedServer names, Action<ProducerOptions>? configure = null, string? nameServers = null)
    {
        var options = new ProducerOptions { Client = { NameServers = nameServers ?? names.Address } };
        configure?.Invoke(options);
        var producer = new Producer(options);
        await producer.StartAsync();
        return producer;
    }

    private static async Task LieAsync(TcpListener listener, string lie, CancellationToken stop)
    {
        byte[] answer = lie switch
        {
            "an answer to another request" => Frame("""{"code":0,"flag":1,"language":"JAVA","opaque":987654,"serializeTypeCurrentRPC":"JSON","version":0}"""),
            "a truncated answer" => Frame("""{"code":0,"flag":1,"language":"JAVA","opaque":1,"serializeTypeCurrentRPC":"JSON","version":0}""")[..20],
            _ => "HTTP/1.1 400 Bad Request\r\n\r\n"u8.ToArray(),
        };
        try
        {
            while (true)
            {
                using Socket socket = await listener.AcceptSocketAsync(stop);
                byte[] request = new byte[4096];
                await socket.ReceiveAsync(request, stop);
                await socket.SendAsync(answer, stop);
                if (lie == "an answer to another request")
                {
                    // Stays open: the client must not wait for ever.
                    while (await socket.ReceiveAsync(request, stop) > 0)
                    {
                    }
                }
            }
        }
        catch (Exception error) when (error is SocketException or OperationCanceledException)
        {
            // The test ends.
        }
    }

    private static byte[] Frame(string header)
    {
        byte[] json = System.Text.Encoding.UTF8.GetBytes(header);
        byte[] frame = new byte[8 + json.Length];
        System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(frame, 4 + json.Length);
        System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(4), json.Length);
        json.CopyTo(frame, 8);
        return frame;
    }

    private sealed class NeverRuns : SynchronizationContext
    {
        public override void Post(SendOrPostCallback d, object? state)
        {
        }
    }
}
