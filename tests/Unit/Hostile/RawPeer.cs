using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using Microsoft.Extensions.Logging;
using ProtoBridgeMQ.Remoting.Frames;
using ProtoBridgeMQ.Remoting.Headers;
using ProtoBridgeMQ.Remoting.Transport;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Unit.Hostile;

/// <summary>
/// A peer that writes whatever bytes it likes, over pipes. The server reads on the thread that writes, so that what a frame makes it
/// allocate can be counted.
/// </summary>
internal sealed class RawPeer
{
    private readonly Pipe _there = new(new PipeOptions(readerScheduler: PipeScheduler.Inline, pauseWriterThreshold: 0, useSynchronizationContext: false));
    private readonly Pipe _back;
    private readonly RemotingConnection _server;
    private readonly Task _run;

    public RawPeer(
        RequestRoutes routes, RemotingOptions options, TimeProvider time, ILogger logger, IConnectionObserver? observer = null, int port = 40001, int window = 0, AnswerBudget? budget = null)
    {
        _back = new Pipe(new PipeOptions(pauseWriterThreshold: window, resumeWriterThreshold: window / 2, useSynchronizationContext: false));
        _server = new RemotingConnection(
            new End(_there.Reader, _back.Writer), routes, options, time, logger, new IPEndPoint(IPAddress.Loopback, port), new IPEndPoint(IPAddress.Loopback, 10911), observer, budget);
        _run = _server.RunAsync();
    }

    public string? ClosedBecause => _server.AbortReason;

    public bool IsClosed => _run.IsCompleted;

    /// <summary>Writes bytes; how many bytes the server allocated while it read and handled them.</summary>
    public long Write(byte[] bytes)
    {
        _there.Writer.Write(bytes);
        long before = GC.GetAllocatedBytesForCurrentThread();
        ValueTask<FlushResult> flush = _there.Writer.FlushAsync();
        long after = GC.GetAllocatedBytesForCurrentThread();
        Assert.True(flush.IsCompleted, "writing never waits: this pipe has no limit");
        return after - before;
    }

    /// <summary>Says that nothing more comes, and waits until the server has ended the connection.</summary>
    public async Task EndAsync()
    {
        await _there.Writer.CompleteAsync();
        await _run.Within("the server ends the connection");
    }

    public Task RunsOut(string what) => _run.Within(what);

    /// <summary>The next answer; null when the connection ended. The broker's own requests are passed over.</summary>
    public async Task<RawAnswer?> NextAsync()
    {
        while (true)
        {
            ReadResult read = await _back.Reader.ReadAsync();
            ReadOnlySequence<byte> rest = read.Buffer;
            FrameStatus status = FrameCutter.TryCut(ref rest, int.MaxValue, out Frame frame, out string? error);
            Assert.Null(error);
            if (status != FrameStatus.Frame)
            {
                bool isOver = read.IsCompleted;
                _back.Reader.AdvanceTo(rest.Start, rest.End);
                if (isOver)
                {
                    return null;
                }

                continue;
            }

            var header = new RemotingHeader();
            Assert.Null(header.Decode(frame));
            RawAnswer? answer = header.IsResponse ? new RawAnswer(header.Opaque, header.Code, header.Remark.AsString()) : null;
            _back.Reader.AdvanceTo(rest.Start);
            if (answer is not null)
            {
                return answer;
            }
        }
    }

    private sealed record End(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}

/// <summary>What an answer says.</summary>
internal sealed record RawAnswer(int Opaque, int Code, string? Remark);
