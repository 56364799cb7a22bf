using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace ProtoBridgeMQ.Benchmarks.Load.Floor;

/// <summary>
/// What the machine and Kestrel cost without a broker: frames answered, packets relayed and bodies read with nothing
/// kept. It runs in a process of its own, as the gateway does.
/// </summary>
internal static class FloorServer
{
    /// <summary>The line that says it is ready.</summary>
    public const string Ready = "floor ready";

    private static readonly byte[] HttpAnswer =
        """{"messageId":"7F00000100002A9F00000000000A1B2C","queueId":3,"offset":123456}"""u8.ToArray();

    /// <summary>Serves until the process ends.</summary>
    public static async Task RunAsync(int remotingPort, int mqttPort, int httpPort)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton<EchoFrames>().AddSingleton<RelayMqtt>();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, remotingPort, endpoint => endpoint.UseConnectionHandler<EchoFrames>());
            kestrel.Listen(IPAddress.Loopback, mqttPort, endpoint => endpoint.UseConnectionHandler<RelayMqtt>());
            kestrel.Listen(IPAddress.Loopback, httpPort, endpoint => endpoint.Protocols = HttpProtocols.Http1);
        });
        WebApplication application = builder.Build();
        application.MapPost("/post", AnswerAsync);
        await application.StartAsync();
        await Console.Out.WriteLineAsync(Ready);
        await application.WaitForShutdownAsync();
    }

    private static async Task AnswerAsync(HttpContext context)
    {
        PipeReader body = context.Request.BodyReader;
        ReadResult read;
        do
        {
            read = await body.ReadAsync();
            body.AdvanceTo(read.Buffer.End);
        }
        while (!read.IsCompleted);

        context.Response.ContentType = "application/json";
        context.Response.ContentLength = HttpAnswer.Length;
        context.Response.BodyWriter.Write(HttpAnswer);
        await context.Response.BodyWriter.FlushAsync();
    }
}
