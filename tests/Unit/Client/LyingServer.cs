using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using ProtoBridgeMQ.Remoting.Frames;
using ProtoBridgeMQ.Remoting.Bodies;
using ProtoBridgeMQ.Remoting.Protocol;

namespace ProtoBridgeMQ.Tests.Unit.Client;

/// <summary>What a <see cref="LyingServer"/> does with the request that it lies about.</summary>
public enum Lie
{
    /// <summary>It tells the truth.</summary>
    None,

    /// <summary>An answer to another request.</summary>
    WrongOpaque,

    /// <summary>Half an answer, and the end of the connection.</summary>
    Truncated,

    /// <summary>Half an answer, and nothing more.</summary>
    Stuck,

    /// <summary>An answer with a body or fields of something else.</summary>
    WrongBody,

    /// <summary>A response code that the protocol does not have.</summary>
    WrongCode,

    /// <summary>No answer.</summary>
    Silence,

    /// <summary>The end of the connection.</summary>
    HangUp,

    /// <summary>A frame of two gigabytes.</summary>
    Endless,

    /// <summary>A header longer than its frame.</summary>
    LongHeader,

    /// <summary>A request with the number of the request that waits.</summary>
    NotAnAnswer,
}

/// <summary>A name server and broker in one that has topic <c>t</c>, on raw sockets, so that it can say what the protocol does not allow.</summary>
internal sealed class LyingServer : IAsyncDisposable
{
    private const int Strange = 4711;

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _accepting;
    private volatile Lie _lie;
    private volatile int _about;

    public LyingServer()
    {
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public string Address => $"127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}";

    /// <summary>Lies from now on about requests of a code.</summary>
    public void About(int code, Lie lie)
    {
        _about = code;
        _lie = lie;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _accepting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            _ = ServeAsync(await _listener.AcceptSocketAsync(_stop.Token));
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        await using var stream = new NetworkStream(socket, ownsSocket: true);
        byte[] length = new byte[4];
        try
        {
            while (true)
            {
                await stream.ReadExactlyAsync(length, _stop.Token);
                byte[] frame = new byte[BinaryPrimitives.ReadInt32BigEndian(length)];
                await stream.ReadExactlyAsync(frame, _stop.Token);
                (int code, int opaque, int flag) = Start(frame);
                // One-way requests and answers want no answer.
                if (flag == 0 && !await AnswerAsync(stream, code, opaque))
                {
                    return;
                }
            }
        }
        catch (Exception error) when (error is IOException or OperationCanceledException)
        {
            // The client went away, or the test ends.
        }
    }

    /// <summary>What an answer needs of a request's header, in either form.</summary>
    private static (int Code, int Opaque, int Flag) Start(byte[] frame)
    {
        int length = BinaryPrimitives.ReadInt32BigEndian(frame);
        ReadOnlySpan<byte> header = frame.AsSpan(4, length & 0xFF_FFFF);
        if (length >> 24 == (int)SerializeType.RocketMq)
        {
            return (BinaryPrimitives.ReadInt16BigEndian(header), BinaryPrimitives.ReadInt32BigEndian(header[5..]), BinaryPrimitives.ReadInt32BigEndian(header[9..]));
        }

        JsonNode json = JsonNode.Parse(header)!;
        return ((int)json["code"]!, (int)json["opaque"]!, (int)json["flag"]!);
    }

    /// <returns>False when the connection ends.</returns>
    private async Task<bool> AnswerAsync(NetworkStream stream, int code, int opaque)
    {
        Lie lie = code == _about ? _lie : Lie.None;
        (JsonObject fields, byte[] body) = lie == Lie.WrongBody ? (new JsonObject { ["queueId"] = "many" }, "not a route"u8.ToArray()) : Truth(code);
        byte[] answer = Frame(
            lie is Lie.WrongCode or Lie.NotAnAnswer ? Strange : 0,
            lie == Lie.WrongOpaque ? opaque + 100_000 : opaque,
            lie == Lie.NotAnAnswer ? 0 : 1,
            fields,
            body);
        switch (lie)
        {
            case Lie.Silence:
                return true;
            case Lie.HangUp:
                return false;
            case Lie.Truncated:
            case Lie.Stuck:
                await stream.WriteAsync(answer.AsMemory(0, answer.Length / 2), _stop.Token);
                return lie == Lie.Stuck;
            case Lie.Endless:
                BinaryPrimitives.WriteInt32BigEndian(answer, int.MaxValue);
                break;
            case Lie.LongHeader:
                BinaryPrimitives.WriteInt32BigEndian(answer.AsSpan(4), answer.Length * 2);
                break;
        }

        await stream.WriteAsync(answer, _stop.Token);
        return true;
    }

    private (JsonObject Fields, byte[] Body) Truth(int code) => code switch
    {
        RequestCode.GetRouteInfoByTopic => ([], LenientJson.Write(Answers.Route(1, ("a", Address)), RemotingJson.Bodies.TopicRouteData)),
        RequestCode.SendMessageV2 => (new JsonObject { ["msgId"] = "7F00000100002A9F0000000000000010", ["queueId"] = "0", ["queueOffset"] = "7" }, []),
        _ => ([], []),
    };

    private static byte[] Frame(int code, int opaque, int flag, JsonObject fields, byte[] body)
    {
        var header = new JsonObject
        {
            ["code"] = code,
            ["extFields"] = fields,
            ["flag"] = flag,
            ["language"] = "JAVA",
            ["opaque"] = opaque,
            ["serializeTypeCurrentRPC"] = "JSON",
            ["version"] = 0,
        };
        byte[] text = Encoding.UTF8.GetBytes(header.ToJsonString());
        byte[] frame = new byte[8 + text.Length + body.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame, frame.Length - 4);
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(4), text.Length);
        text.CopyTo(frame, 8);
        body.CopyTo(frame, 8 + text.Length);
        return frame;
    }
}
