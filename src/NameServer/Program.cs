using System.CommandLine;
using System.Net;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;
using ProtoBridgeMQ.NameServer.Hosting;

var port = new Option<int>("--port") { Description = "Port of the name server", DefaultValueFactory = _ => 9876 };
var listen = new Option<string>("--listen") { Description = "Address to listen on", DefaultValueFactory = _ => "127.0.0.1" };
var root = new RootCommand("ProtoBridgeMQ name server: tells RocketMQ clients which brokers have a topic") { port, listen };
root.SetAction(async (parsed, cancellationToken) =>
{
    if (!IPAddress.TryParse(parsed.GetValue(listen), out var address))
    {
        await Console.Error.WriteLineAsync("--listen takes an IP address");
        return 2;
    }
    var endPoint = new IPEndPoint(address, parsed.GetValue(port));
    var builder = WebApplication.CreateSlimBuilder();
    builder.Logging.AddFilter("Microsoft.Hosting.Lifetime", LogLevel.Warning);
    builder.Services.AddNameServer();
    builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(endPoint, options => options.UseNameServer()));
    await using var app = builder.Build();
    await app.StartAsync(cancellationToken);
    var bound = app.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.Single();
    await Console.Out.WriteLineAsync($"ProtoBridgeMQ name server on {new Uri(bound).Authority}");
    await app.WaitForShutdownAsync(cancellationToken);
    return 0;
});
return await root.Parse(args).InvokeAsync();
