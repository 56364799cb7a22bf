using System.Collections.Concurrent;
using ProtoBridgeMQ.Remoting.Bodies;
using ProtoBridgeMQ.Remoting.Headers;
using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.Tests.Unit.Client;

/// <summary>A name server and broker in one, with one topic <c>t</c> in memory, whose answers a test may change.</summary>
internal sealed class ScriptedBroker : IAsyncDisposable
{
    private readonly ScriptedServer _server;
    private readonly List<byte[]> _records = [];
    private readonly ConcurrentQueue<(int Queue, long Offset)> _commits = new();
    private volatile IReadOnlyList<string> _members = [];

    public ScriptedBroker(int queues = 1)
    {
        _server = new ScriptedServer(
            Answers.Routes(topic => topic == "t" ? Answers.Route(queues, ("a", _server!.Address)) : null),
            (RequestCode.Heartbeat, Heartbeat),
            Answers.Leaves,
            (RequestCode.GetConsumerListByGroup, request => request.Reply(
                ResponseCode.Success, default(NoFields), LenientJson.Write(new ConsumerListBody { ConsumerIds = [.. _members] }, RemotingJson.Bodies.ConsumerListBody))),
            (RequestCode.QueryConsumerOffset, request => request.Reply(ResponseCode.QueryNotFound, "none")),
            (RequestCode.GetMinOffset, request => request.Reply(ResponseCode.Success, new GetMinOffsetResponseHeader { Offset = 0 })),
            (RequestCode.GetMaxOffset, request => request.Reply(ResponseCode.Success, new GetMaxOffsetResponseHeader { Offset = _records.Count })),
            (RequestCode.SearchOffsetByTimestamp, request => request.Reply(
                ResponseCode.Success, new SearchOffsetResponseHeader { Offset = OnSearch(SearchOffsetRequestHeader.Read(request.Fields).Timestamp) })),
            (RequestCode.UpdateConsumerOffset, request => OnCommit!(request)),
            (RequestCode.ConsumerSendMsgBack, request => OnSendBack(request)),
            (RequestCode.PullMessage, request => OnPull!(request)));
        OnPull = Pull;
        OnCommit = Commit;
    }

    public string Address => _server.Address;

    public IReadOnlyCollection<(int Queue, long Offset)> Commits => _commits;

    public Action<RemotingRequest> OnPull { get; set; }

    public Action<RemotingRequest> OnCommit { get; set; }

    public Func<long, long> OnSearch { get; set; } = _ => 0;

    public Action<RemotingRequest> OnSendBack { get; set; } = request => request.Reply(ResponseCode.Success);

    public int Count(int code) => _server.Count(code);

    /// <summary>Adds a message to queue 0.</summary>
    public byte[] Add(string body, long storedAt = 0)
    {
        byte[] bytes = System.Text.Encoding.UTF8.GetBytes(body);
        var fields = new MessageRecordFields
        {
            Body = bytes,
            BodyCrc = BodyCrc32.Compute(bytes),
            Topic = "t"u8,
            StoreTimestamp = storedAt,
            QueueOffset = _records.Count,
            PhysicalOffset = _records.Count * 1000,
            BornHost = HostAddress.Loopback(1),
            StoreHost = HostAddress.Loopback(2),
        };
        byte[] record = new byte[MessageRecordWriter.Size(fields)];
        MessageRecordWriter.Write(record, fields);
        lock (_records)
        {
            _records.Add(record);
        }

        return record;
    }

    /// <summary>The group gets a member.</summary>
    public void Join(string clientId)
    {
        lock (_records)
        {
            _members = [.. _members.Append(clientId).Distinct()];
        }
    }

    /// <summary>Tells every client that the members of the group changed.</summary>
    public void NotifyMembersChanged(string group)
    {
        foreach (RemotingConnection connection in _server.Connections)
        {
            connection.TrySendOneWay(RequestCode.NotifyConsumerIdsChanged, new NotifyConsumerIdsChangedRequestHeader { ConsumerGroup = group });
        }
    }

    /// <summary>Everything from the wanted offset on; nothing new is answered after a moment, as a held pull would be.</summary>
    public void Pull(RemotingRequest request)
    {
        PullMessageRequestHeader pull = PullMessageRequestHeader.Read(request.Fields);
        byte[][] found;
        lock (_records)
        {
            found = pull.QueueId == 0 ? [.. _records.Skip((int)pull.QueueOffset)] : [];
        }

        var header = new PullMessageResponseHeader
        {
            SuggestWhichBrokerId = 0,
            NextBeginOffset = pull.QueueOffset + found.Length,
            MinOffset = 0,
            MaxOffset = pull.QueueOffset + found.Length,
        };
        if (found.Length > 0)
        {
            request.Reply(ResponseCode.Success, header, found.SelectMany(record => record).ToArray());
        }
        else
        {
            _ = AnswerLaterAsync(request, header);
        }
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private static async Task AnswerLaterAsync(RemotingRequest request, PullMessageResponseHeader header)
    {
        await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System);
        request.Reply(ResponseCode.PullNotFound, header);
    }

    private void Heartbeat(RemotingRequest request)
    {
        HeartbeatData data = LenientJson.Read(request.Body, RemotingJson.Bodies.HeartbeatData);
        Join(data.ClientId);
        request.Reply(ResponseCode.Success);
    }

    /// <summary>Takes it.</summary>
    public void Commit(RemotingRequest request)
    {
        UpdateConsumerOffsetRequestHeader header = UpdateConsumerOffsetRequestHeader.Read(request.Fields);
        _commits.Enqueue((header.QueueId, header.CommitOffset));
        request.Reply(ResponseCode.Success);
    }
}
