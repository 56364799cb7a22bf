using System.Buffers;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using ProtoBridgeMQ.Remoting.Frames;
using ProtoBridgeMQ.Remoting.Headers;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Protocol.Remoting;

/// <summary>A received frame, copied.</summary>
internal sealed record Received(RemotingHeader Header, byte[] Body)
{
    public string Text => Encoding.UTF8.GetString(Body);
}

/// <summary>A server connection over pipes in memory, with a clock the test moves.</summary>
internal sealed class ConnectionHarness
{
    public ConnectionHarness(RequestRoutes? routes = null, RemotingOptions? options = null, int serverBuffer = 1024 * 1024)
    {
        Pipes = new PipePair(serverBuffer);
        Connection = new RemotingConnection(
            Pipes.Server, routes ?? new RequestRoutes(), options ?? new RemotingOptions(), Clock, NullLogger.Instance);
    }

    public ManualClock Clock { get; } = new();

    public PipePair Pipes { get; }

    public RemotingConnection Connection { get; }

    public Task Running { get; private set; } = Task.CompletedTask;

    public ConnectionHarness Start()
    {
        Running = Connection.RunAsync();
        return this;
    }

    public static byte[] Frame(
        int code, int opaque, string body = "", HeaderFlags flags = HeaderFlags.Request, SerializeType type = SerializeType.Json, string? remark = null)
    {
        var writer = new FrameWriter();
        var output = new ArrayBufferWriter<byte>();
        var bytes = Encoding.UTF8.GetBytes(body);
        writer.Write(output, new HeaderStart(code, opaque, flags, type, LanguageCode.Java, 479), remark, false, bytes.Length);
        output.Write(bytes);
        return output.WrittenSpan.ToArray();
    }

    public Task SendAsync(params byte[][] frames) =>
        Pipes.Client.Output.WriteAsync(frames.SelectMany(frame => frame).ToArray()).Within("the bytes are taken");

    public async Task<Received> ReceiveAsync()
    {
        while (true)
        {
            var result = await Pipes.Client.Input.ReadAsync().Within("a frame arrives");
            var buffer = result.Buffer;
            var status = FrameCutter.TryCut(ref buffer, FrameCutter.DefaultMaxFrameLength, out var frame, out _);
            if (status == FrameStatus.Frame)
            {
                var header = new RemotingHeader();
                Assert.Null(header.Decode(frame));
                var received = new Received(header, frame.Body.ToArray());
                Pipes.Client.Input.AdvanceTo(buffer.Start);
                return received;
            }
            Assert.False(result.IsCompleted, "the connection closed before a whole frame arrived");
            Pipes.Client.Input.AdvanceTo(buffer.Start, buffer.End);
        }
    }

    /// <summary>Everything the server still sends until it closes.</summary>
    public async Task<byte[]> ReceiveToEndAsync()
    {
        while (true)
        {
            var result = await Pipes.Client.Input.ReadAsync().Within("the connection closes");
            if (result.IsCompleted)
                return result.Buffer.ToArray();
            Pipes.Client.Input.AdvanceTo(result.Buffer.Start, result.Buffer.End);
        }
    }
}

/// <summary>Answers at once with the request's body.</summary>
internal sealed class EchoHandler : IRequestHandler
{
    private int _handled;

    public int Handled => Volatile.Read(ref _handled);

    public ValueTask HandleAsync(RemotingRequest request)
    {
        Interlocked.Increment(ref _handled);
        request.Reply(ResponseCode.Success, default(NoFields), request.Body.ToArray());
        return default;
    }
}

/// <summary>Runs what the test gives it.</summary>
internal sealed class ScriptedHandler(Func<RemotingRequest, ValueTask> script) : IRequestHandler
{
    public ValueTask HandleAsync(RemotingRequest request) => script(request);
}
