using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.Messages;
using ProtoBridgeMQ.Bridge.Streams;
using ProtoBridgeMQ.Broker;
using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Gateway.Embedded;
using ProtoBridgeMQ.Store.Files;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Bridge.Embedded;

/// <summary>A queue goes from the gateway to a native member of its group, and from a native member to the gateway. The time is the test's.</summary>
public sealed class HandoverOfQueues : IAsyncLifetime, IDisposable
{
    private const string Topic = "handover";
    private const string Group = "g";
    private const int Messages = 10;

    private readonly TempDirectory _directory = new("handover");
    private readonly ManualClock _clock = new(TimeProvider.System.GetUtcNow());
    // The opening of a stream moves the clock by milliseconds, and the pause is long enough not to end with it.
    private readonly EmbeddedOptions _options = new()
    {
        Groups =
        {
            FirstLook = TimeSpan.FromMilliseconds(1),
            HandoverPause = TimeSpan.FromSeconds(5),
            HandoverWatch = TimeSpan.FromMinutes(10),
        },
    };

    private BrokerCore _core = null!;
    private EmbeddedBridge _bridge = null!;

    public async Task InitializeAsync()
    {
        _core = BrokerCore.Open(
            new BrokerOptions { DataDirectory = _directory.Path, CommitLogFileSize = 16 << 20, Port = 0 },
            new IPEndPoint(IPAddress.Loopback, 10911),
            TimeProvider.System,
            NullLoggerFactory.Instance,
            new PhysicalFileSystem());
        _bridge = await EmbeddedBridge.OpenAsync(_core, _options, _clock, NullLoggerFactory.Instance);
        Assert.Equal(SendStatus.Ok, _core.Topics.Put(new BrokerTopic { Name = Topic, ReadQueues = 1, WriteQueues = 1 }));
        for (int i = 0; i < Messages; i++)
        {
            await _bridge.PublishAsync(new PublishMessage(Topic, new byte[1], default)).AsTask().Within("published");
        }

        await Eventually.True(() => _core.Offsets.Max(Topic, 0) == Messages);
    }

    public async Task DisposeAsync()
    {
        await _bridge.DisposeAsync();
        await _core.DisposeAsync();
    }

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task What_the_gateway_accepted_is_saved_before_a_native_member_is_told_that_it_has_the_queue()
    {
        await using IMessageStream stream = await JoinAsync();
        foreach (Received message in await ReceiveAsync(stream, Messages))
        {
            await stream.SettleAsync(message.Delivery, Settlement.Accept);
        }

        long told = -1;
        _core.Groups.Join(Native("!first", () => told = _core.Offsets.Query(Group, Topic, 0)));

        Assert.Equal(Messages, told);
    }

    [Fact]
    public async Task The_gateway_gives_its_queue_up_also_in_a_group_whose_clients_are_not_told_of_changes()
    {
        _core.Groups.Put(new SubscriptionGroup { Name = Group, NotifyMembers = false });
        await using IMessageStream stream = await JoinAsync();
        List<Received> held = await ReceiveAsync(stream, 1);
        bool told = false;

        _core.Groups.Join(Native("!first", () => told = true));

        BridgeException refused = await Assert.ThrowsAsync<BridgeException>(() => stream.SettleAsync(held[0].Delivery, Settlement.Accept).AsTask());
        Assert.Equal(BridgeError.DeliveryUnknown, refused.Error);
        Assert.False(told);
    }

    [Fact]
    public async Task What_the_gateway_held_when_its_queue_went_is_the_new_owners_from_that_moment()
    {
        await using IMessageStream stream = await JoinAsync();
        List<Received> held = await ReceiveAsync(stream, Messages);
        foreach (Received message in held.Where(message => message.Offset != 4))
        {
            await stream.SettleAsync(message.Delivery, Settlement.Accept);
        }

        _core.Groups.Join(Native("!first", () => { }));

        Assert.Equal(4, _core.Offsets.Query(Group, Topic, 0));
        BridgeException refused = await Assert.ThrowsAsync<BridgeException>(() => stream.SettleAsync(held[4].Delivery, Settlement.Accept).AsTask());
        Assert.Equal(BridgeError.DeliveryUnknown, refused.Error);
        Assert.Equal(4, _core.Offsets.Query(Group, Topic, 0));
    }

    [Fact]
    public async Task A_queue_that_comes_back_is_read_on_from_where_the_other_member_left_it()
    {
        await using IMessageStream stream = await JoinAsync();
        foreach (Received message in await ReceiveAsync(stream, 3))
        {
            await stream.SettleAsync(message.Delivery, Settlement.Accept);
        }

        GroupMember native = Native("!first", () => { });
        _core.Groups.Join(native);
        Assert.Equal(3, _core.Offsets.Query(Group, Topic, 0));
        _core.Offsets.Commit(Group, Topic, 0, 7);
        _core.Groups.Leave(native);

        Assert.Equal([7, 8, 9], (await ReceiveAsync(stream, 3)).Select(message => message.Offset));
    }

    [Fact]
    public async Task The_gateway_lets_a_living_member_save_its_progress_before_it_reads_that_members_queue()
    {
        _core.Offsets.Commit(Group, Topic, 0, 2);
        _core.Groups.Join(Native("~last", () => { }));
        await using IMessageStream stream = await OpenAsync();
        Task<List<Received>> received = ReceiveAsync(stream, 1);

        // The former owner handled three more, hears of the change, and saves.
        _core.Offsets.Commit(Group, Topic, 0, 5);
        await AdvanceUntilAsync(received);

        Assert.Equal(5, Assert.Single(await received).Offset);
    }

    [Fact]
    public async Task Progress_that_a_former_owner_sets_back_by_saving_late_is_put_right()
    {
        _core.Offsets.Commit(Group, Topic, 0, 0);
        _core.Groups.Join(Native("~last", () => { }));
        await using IMessageStream stream = await OpenAsync();
        Task<List<Received>> all = ReceiveAsync(stream, Messages);
        await AdvanceUntilAsync(all);
        foreach (Received message in await all)
        {
            await stream.SettleAsync(message.Delivery, Settlement.Accept);
        }

        await AdvanceUntilAsync(() => _core.Offsets.Query(Group, Topic, 0) == Messages, "progress was saved");
        _core.Offsets.Commit(Group, Topic, 0, 6);

        await AdvanceUntilAsync(() => _core.Offsets.Query(Group, Topic, 0) == Messages, "progress was put right");
    }

    private static async Task<List<Received>> ReceiveAsync(IMessageStream stream, int count)
    {
        using var batch = new MessageBatch();
        List<Received> received = [];
        while (received.Count < count)
        {
            int got = await stream.ReceiveAsync(batch, count - received.Count, Timeout.InfiniteTimeSpan).Within($"message {received.Count} arrived");
            for (int i = 0; i < got; i++)
            {
                received.Add(new Received(batch[i].Delivery, batch[i].QueueOffset));
            }
        }

        return received;
    }

    private static NativeMember Native(string clientId, Action changed) => new(changed)
    {
        Group = Group,
        ClientId = clientId,
        Subscriptions = [],
    };

    private async Task<IMessageStream> JoinAsync()
    {
        IMessageStream stream = await OpenAsync();
        Assert.Equal(0, _core.Offsets.Query(Group, Topic, 0));
        return stream;
    }

    private async Task<IMessageStream> OpenAsync()
    {
        Task<IMessageStream> opening = _bridge.SubscribeAsync(new SubscribeRequest
        {
            Kind = StreamKind.Group,
            Topics = TopicSelection.Of(Topic),
            Group = Group,
            Start = GroupStart.Earliest,
            Lease = TimeSpan.FromHours(10),
        }).AsTask();

        // With another member it waits for the first look until the time for it is over.
        if (_core.Groups.ClientIds(Group).Count > 0)
        {
            await AdvanceUntilAsync(() => opening.IsCompleted, "the stream is open", _options.Groups.FirstLook);
        }

        return await opening.Within("the stream is open");
    }

    private Task AdvanceUntilAsync(Task done) => AdvanceUntilAsync(() => done.IsCompleted, "what was waited for came");

    private Task AdvanceUntilAsync(Func<bool> condition, string what, TimeSpan? step = null) => Eventually.True(
        () =>
        {
            if (condition())
            {
                return true;
            }

            _clock.Advance(step ?? TimeSpan.FromMilliseconds(50));
            return false;
        },
        what);

    private sealed record Received(DeliveryId Delivery, long Offset);

    private sealed class NativeMember(Action changed) : GroupMember
    {
        public override bool Expires => true;

        public override void MembersChanged() => changed();
    }
}
